package dev.sluice.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;
import org.slf4j.LoggerFactory;

/** One bad file among good ones, whatever is bad about it: the good ones stay, and the bad one is told. */
class HostileFilesPropertyTest {
    private static final JobReader READER = new JobReader(cron -> Optional.empty());
    private static final String START = "job: a\nmigrate:\n  table: app.t\n  where: b IS NULL\n  set: { b: a }\n";

    private Path folder = Path.of("unused");

    @BeforeProperty
    void open() throws IOException {
        ((Logger) LoggerFactory.getLogger(JobFolder.class)).setLevel(Level.OFF);
        folder = Files.createTempDirectory("jobs");
        Files.writeString(folder.resolve("good.yaml"), START.replace("job: a", "job: good"));
        Files.writeString(folder.resolve("z.yaml"), START.replace("job: a", "job: z"));
    }

    @AfterProperty
    void close() throws IOException {
        ((Logger) LoggerFactory.getLogger(JobFolder.class)).setLevel(null);
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    private void check(byte[] content) throws IOException {
        Files.write(folder.resolve("m.yaml"), content);
        var jobs = new JobFolder(folder, READER);
        jobs.refresh();
        assertThat(jobs.good()).extracting(Job::name).contains("good", "z");
        JobFile file = jobs.files().stream()
                .filter(f -> f.path().equals("m.yaml"))
                .findFirst()
                .orElseThrow();
        assertThat(file.job().isPresent()).isEqualTo(file.mistakes().isEmpty());
        assertThat(file.mistakes()).allSatisfy(m -> {
            assertThat(m.reason()).isNotBlank().doesNotContain("a fault of Sluice's");
            assertThat(m.toString().lines()).hasSize(1);
        });
        file.job()
                .ifPresent(job ->
                        assertThat(JobReader.fromDefinition(job.definition())).isEqualTo(job));
    }

    @Provide
    Arbitrary<String> numbers() {
        Arbitrary<String> digits =
                Arbitraries.strings().numeric().ofMinLength(1).ofMaxLength(40);
        Arbitrary<String> decimal = Combinators.combine(
                        Arbitraries.of("", "-", "+", "."),
                        digits,
                        Arbitraries.of("", ".", ".5", "e", "E+", "e-", "_", "e99", "e999999999", "e-2147483648"),
                        digits)
                .as((sign, whole, between, rest) -> sign + whole + between + (between.matches("e.*\\d") ? "" : rest));
        return Arbitraries.oneOf(
                decimal,
                digits,
                digits.map(d -> "0x" + d),
                digits.map(d -> "0o" + d),
                Arbitraries.of(".inf", "-.INF", ".nan"));
    }

    @Property(tries = 500)
    void anyNumberAnywhere(@ForAll("numbers") String number, @ForAll("places") String place) throws IOException {
        check((START + place.replace("#", number)).getBytes(UTF_8));
    }

    @Provide
    Arbitrary<String> places() {
        return Arbitraries.of(
                "  partitions: #\n",
                "  batch: { size: # }\n",
                "  batch: { target: # }\n",
                "  stripes: #\n",
                "  again: #\n",
                "  throttle: { rows-per-second: # }\n",
                "  throttle: { cores: #, wal-per-hour: # }\n",
                "  throttle: { commit-latency: #, dead-tuples: { limit: # } }\n",
                "  throttle: { sql: [{ name: q, query: select 1, limit: #, every: # }] }\n",
                "  schedule: { cron: # }\n",
                "  key: [#]\n",
                "owner: #\n",
                "#: #\n");
    }

    @Property(tries = 300)
    void anyDepthOfAnything(@ForAll @Size(max = 400) List<Depth> depths) throws IOException {
        var text = new StringBuilder(START).append("description: ");
        depths.forEach(d -> text.append(d.opening));
        text.append('x');
        depths.reversed().forEach(d -> text.append(d.closing));
        check(text.append('\n').toString().getBytes(UTF_8));
    }

    enum Depth {
        LIST("[", "]"),
        MAPPING("{ a: ", "}"),
        KEY("{ ? ", " }"),
        ANCHOR("&a [", ", *a]"),
        ITEM("\n- ", "");

        private final String opening;
        private final String closing;

        Depth(String opening, String closing) {
            this.opening = opening;
            this.closing = closing;
        }
    }

    @Property(tries = 400)
    void anyNameOfAKey(@ForAll String name, @ForAll boolean quoted) throws IOException {
        String key = quoted ? '"' + name.replace("\\", "\\\\").replace("\"", "\\\"") + '"' : name;
        check((START + key + ": 1\n" + key + ": 2\n").getBytes(UTF_8));
    }

    @Property(tries = 400)
    void anyBytes(@ForAll @Size(max = 300) byte[] bytes, @ForAll boolean behind) throws IOException {
        byte[] start = START.getBytes(UTF_8);
        byte[] all = new byte[start.length + bytes.length];
        System.arraycopy(behind ? start : bytes, 0, all, 0, behind ? start.length : bytes.length);
        System.arraycopy(
                behind ? bytes : start,
                0,
                all,
                behind ? start.length : bytes.length,
                behind ? bytes.length : start.length);
        check(all);
    }

    @Property(tries = 60)
    void anyEncoding(@ForAll("encodings") String encoding, @ForAll boolean mark) throws IOException {
        check(((mark ? "\ufeff" : "") + START + "owner: é\n").getBytes(Charset.forName(encoding)));
    }

    @Provide
    Arbitrary<String> encodings() {
        return Arbitraries.of("UTF-8", "UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE", "ISO-8859-1", "IBM1047");
    }
}
