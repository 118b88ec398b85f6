package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.cli.Shell.Ran;
import dev.sluice.config.TokenHash;
import dev.sluice.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Wrong command lines, help, and the commands that need no worker. */
class UsageTest {
    private static final String GOOD =
            "job: %s\nmigrate:\n  table: app.users\n  set: { full_name: first_name }\n  where: full_name IS NULL\n";
    private final Shell shell = new Shell();

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            statsu                               | Did you mean: sluice status
            run                                  | Missing required parameter: 'JOB'
            run a b                              | Unmatched argument at index 2: 'b'
            run a --folow                        | Possible solutions: --follow
            run a --idempotency-key ''           | --idempotency-key takes 1 to 255
            gate                                 | Name the gate
            gate contract a                      | Unmatched arguments from index 1: 'contract', 'a'
            gate switch                          | Missing required parameter: 'JOB'
            gate switch a --wait soon            | 'soon' is not a number with ms, s, m, h or d
            tune a                               | Name at least one of --target, --batch-size, --rows-per-second
            tune a --batch-size many             | 'many' is not an int
            tune a --wal-per-hour 20             | '20' is not a whole number with B, kB, MB, GB or TB
            stop-all now                         | Unmatched argument at index 1: 'now'
            resume-all now                       | Unmatched argument at index 1: 'now'
            status --output xml                  | expected one of [TEXT, JSON]
            status --server localhost:8080       | "localhost:8080" is not a worker's address
            status --server ftp://x              | is not a worker's address
            token ci                             | Missing required option: '--role=ROLE'
            token ci --role boss                 | 'boss' is not viewer, operator or approver
            token a:b --role viewer              | NAME takes 1 to 63
            dev --rows 0                         | --rows takes 1 to 100000000
            dev --port 70000                     | --port takes 0 to 65535
            worker --config                      | Missing required parameter for option '--config'
            """)
    void aWrongCommandLineIsSaidAndExitsWith3(String line, String message) {
        Ran ran = shell.run(line.strip().replace("''", "").split(" +"));
        if (line.contains("''")) {
            ran = shell.run("run", "a", "--idempotency-key", "");
        }
        assertThat(ran.code()).as(ran.err()).isEqualTo(Exit.USAGE);
        assertThat(ran.err()).contains(message);
        assertThat(ran.out()).isEmpty();
        assertThat(shell.started).isEmpty();
    }

    @Test
    void withoutACommandTheUsageIsShown() {
        Ran ran = shell.run();
        assertThat(ran.code()).isEqualTo(Exit.USAGE);
        assertThat(ran.err()).contains("Usage: sluice", "gate", "Exit codes: 0 done");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "dev",
                "worker",
                "validate",
                "plan",
                "run",
                "status",
                "pause",
                "resume",
                "cancel",
                "tune",
                "stop-all",
                "resume-all",
                "gate",
                "gate switch",
                "events",
                "token"
            })
    void everyCommandHasHelpAndVersion(String command) {
        Ran help = shell.run((command + " --help").strip().split(" "));
        assertThat(help.code()).isZero();
        assertThat(help.out()).contains(("Usage: sluice " + command).strip());
        assertThat(help.err()).isEmpty();
        assertThat(shell.run((command + " --version").strip().split(" ")).out()).isEqualTo("sluice 1.2.3\n");
    }

    @Test
    void theDocNamesEveryCommandAndOption() throws IOException {
        String doc = Files.readString(Path.of("docs/cli.md"));
        for (String command : new String[] {
            "dev",
            "worker",
            "validate",
            "plan",
            "run",
            "status",
            "pause",
            "resume",
            "cancel",
            "tune",
            "stop-all",
            "resume-all",
            "gate switch",
            "events",
            "token"
        }) {
            assertThat(doc).contains("sluice " + command);
            String help = shell.run((command + " --help").split(" ")).out();
            java.util.regex.Pattern.compile("--[a-z-]+")
                    .matcher(help)
                    .results()
                    .forEach(option ->
                            assertThat(doc).as("option of %s", command).contains("`" + option.group()));
        }
    }

    @Test
    void workerAndDevAreHandedOver() {
        assertThat(shell.run("worker", "--config", "a.yaml").code()).isZero();
        assertThat(shell.run("worker").code()).isZero();
        assertThat(shell.run("dev", "--rows", "10", "--fresh", "--exit", "--port", "0")
                        .code())
                .isZero();
        assertThat(shell.run("dev").code()).isZero();
        assertThat(shell.started)
                .containsExactly(
                        "worker Optional[a.yaml]",
                        "worker Optional.empty",
                        "dev DevOptions[rows=OptionalLong[10], fresh=true, exit=true, port=0]",
                        "dev DevOptions[rows=OptionalLong.empty, fresh=false, exit=false, port=8080]");
    }

    @Test
    void aWorkerThatCannotStartSaysWhyAndExitsWith2() {
        shell.workerFails =
                new Problem(Problem.Kind.INVALID, "bad-settings", "The configuration has 1 mistake:\n  here");
        Ran told = shell.run("worker");
        assertThat(told.code()).isEqualTo(Exit.ERROR);
        assertThat(told.err()).isEqualTo("error: The configuration has 1 mistake:\n  here\n");
        shell.workerFails = new IllegalStateException("a bug");
        Ran bug = shell.run("worker");
        assertThat(bug.code()).isEqualTo(Exit.ERROR);
        assertThat(bug.err()).contains("a bug", "    at dev.sluice.cli.UsageTest");
    }

    @Test
    void aWrongCommandLineIsAProblemWhereJsonIsAskedFor() {
        for (String line : java.util.List.of(
                "tune x --output json", "nosuch --output=json", "run --output json", "status --nosuch --output JSON")) {
            Ran ran = shell.run(line.split(" "));
            assertThat(ran.code()).as(line).isEqualTo(Exit.USAGE);
            assertThat(ran.out()).as(line).startsWith("{").contains("\"code\":\"usage\"", "\"detail\":\"");
            assertThat(ran.out().lines()).hasSize(1);
            assertThat(ran.err()).isNotEmpty();
        }
        assertThat(shell.run("nosuch").out()).isEmpty();
    }

    @Test
    void anEmptyFolderIsAnErrorAndAFolderNamedLikeAFileAMistake() throws IOException {
        Ran empty = shell.run("validate", folder.toString());
        assertThat(empty.code()).isEqualTo(Exit.ERROR);
        assertThat(empty.err()).contains("There is no job file (*.yaml, *.yml) in the folder " + folder);
        Files.createDirectory(folder.resolve("x.yaml"));
        Ran odd = shell.run("validate", folder.toString());
        assertThat(odd.code()).isEqualTo(Exit.CLOSED);
        assertThat(odd.out()).contains("x.yaml: cannot be read: it is a folder");
    }

    @Test
    void theSchemaIsPrinted() throws IOException {
        Ran ran = shell.run("validate", "--print-schema");
        assertThat(ran.code()).isZero();
        assertThat(ran.out()).isEqualTo(Files.readString(Path.of("src/main/resources/dev/sluice/job/job.schema.json")));
    }

    @Test
    void validateNeedsNoWorker() throws IOException {
        Files.writeString(folder.resolve("a.yaml"), GOOD.formatted("a"));
        Files.writeString(folder.resolve("notes.txt"), "no job");
        Ran good = shell.run("validate", folder.toString());
        assertThat(good.code()).as(good.out()).isZero();
        assertThat(good.out()).isEqualTo("1 file, no mistakes.\n");
        Path bad = Files.writeString(folder.resolve("b.yaml"), "job: b\nmigrat: {}\n");
        Ran found = shell.run("validate", folder.toString());
        assertThat(found.code()).isEqualTo(Exit.CLOSED);
        assertThat(found.out()).contains(bad + ":2: migrat", "Fix: ", "2 files, 1 with mistakes.");
        assertThat(shell.run("validate", folder.resolve("a.yaml").toString()).code())
                .isZero();
        Files.writeString(folder.resolve("b.yaml"), GOOD.formatted("a"));
        assertThat(shell.run("validate", folder.toString()).out())
                .contains("the job a is also defined in " + folder.resolve("a.yaml"));
        shell.environment.put("SLUICE_JOBS", folder.toString());
        assertThat(shell.run("validate").code()).isEqualTo(Exit.CLOSED);
        Ran nowhere = shell.run("validate", folder.resolve("none").toString());
        assertThat(nowhere.code()).isEqualTo(Exit.ERROR);
        assertThat(nowhere.err()).contains("There is no file or folder");
    }

    @Test
    void theTokensHashIsTheTokens() {
        String out = shell.run("token", "ci", "--role", "operator").out();
        String token = out.lines()
                .filter(l -> l.strip().startsWith("slc_"))
                .findFirst()
                .orElseThrow()
                .strip();
        assertThat(out)
                .contains(
                        "name: ci",
                        "role: operator",
                        "hash: " + TokenHash.of(token).code());
    }
}
