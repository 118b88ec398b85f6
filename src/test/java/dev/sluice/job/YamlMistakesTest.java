package dev.sluice.job;

import static dev.sluice.job.WrongFile.set;
import static dev.sluice.job.WrongFile.wrong;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is wrong with a file before its keys are looked at. */
class YamlMistakesTest {

    static Stream<WrongFile> wrongFiles() {
        return yaml().stream();
    }

    @ParameterizedTest
    @MethodSource("wrongFiles")
    void isToldWithItsPlaceAndItsFix(WrongFile file) {
        file.isTold();
    }

    private static List<WrongFile> yaml() {
        String anchors = """
            a: &a [x,x,x,x,x,x,x,x,x,x]
            b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]
            c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]
            d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]
            e: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]
            """;
        return List.of(
                wrong("empty file", "", 0, "", "empty-file", "empty", "Write a job"),
                wrong("only a comment", "# later\n", 0, "", "empty-file", "empty"),
                wrong("no mapping", "hello\n", 1, "", "wrong-type", "text: \"hello\"", "job"),
                wrong("not closed", "job: a\nmigrate: {\n", 3, "", "bad-yaml", "not YAML", "Check indentation"),
                wrong("a tab", "job: a\nmigrate:\n\ttable: t\n", 3, "", "bad-yaml", "Check indentation"),
                wrong("colon in text", "job: a\ndescription: one: two\n", 2, "", "bad-yaml", "double quotes"),
                wrong("half a character", "job: a\ud800\n", 0, "", "bad-yaml", "half of a character"),
                wrong(
                        "two halves at the end of the parser's buffer",
                        "#" + "a".repeat(1022) + "\ud800\ud800\n",
                        0,
                        "",
                        "bad-yaml",
                        "half of a character"),
                wrong("control character", "job: a\u0001\n", 0, "", "bad-yaml", "UTF-8"),
                wrong(
                        "duplicate key",
                        set("  set: { b: c }\n"),
                        6,
                        "migrate.set",
                        "duplicate-key",
                        "line 5",
                        "Keep one"),
                wrong("two documents", set("---\njob: b\n"), 7, "", "bad-yaml", "second", "file of its own"),
                wrong("unknown tag", set("owner: !me x\n"), 6, "owner", "bad-yaml", "!me", "quotes"),
                wrong("list as key", set("? [a]\n: b\n"), 6, "", "bad-yaml", "list", "Write the key as text"),
                wrong("unknown anchor", set("owner: *x\n"), 6, "", "bad-yaml", "undefined alias"),
                wrong("anchors multiply", anchors, 1, "", "too-large", "10000 values"),
                wrong("an anchor in itself", "job: &a [*a]\n", 1, "", "too-large", "20 deep"),
                wrong("deep", "job: " + "[".repeat(100_000), 1, "", "too-large", "20 deep"),
                wrong("large", "#".repeat(JobReader.LARGEST_FILE + 1), 0, "", "too-large", "1048576 bytes"));
    }
}
