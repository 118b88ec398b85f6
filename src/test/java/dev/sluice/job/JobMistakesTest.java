package dev.sluice.job;

import static dev.sluice.job.WrongFile.READER;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Mistakes of a whole file. */
class JobMistakesTest {

    @Test
    void allAreToldInOneGoByLine() {
        JobFile file = READER.read("a.yaml", """
            job: Users!
            ownr: accounts
            migrate:
              table: app.users.x
              set:
                full_name: "upper(first_name"
                n:
              delete: true
              partitions: 65
              batch: { target: 20s, size: many }
              schedule: { cron: 0 61 * * * ?, zone: Mars }
            switch:
              verify: "'"
              statements: [x]
            """);

        assertThat(file.mistakes())
                .extracting(m -> m.line() + " " + m.key() + " " + m.code())
                .containsExactly(
                        "1 job bad-value",
                        "2 ownr unknown-key",
                        "4 migrate.table bad-name",
                        "6 migrate.set.full_name bad-sql",
                        "7 migrate.set.n wrong-type",
                        "8 migrate.delete one-shape",
                        "8 migrate.delete missing-where",
                        "9 migrate.partitions out-of-range",
                        "10 migrate.batch.size wrong-type",
                        "10 migrate.batch.target out-of-range",
                        "11 migrate.schedule.zone bad-zone",
                        "11 migrate.schedule.cron bad-cron",
                        "13 switch.verify bad-sql",
                        "14 switch.statements not-supported-yet");
    }

    @Test
    void aMisspeltKeyIsNotToldToBeMissingAsWell() {
        JobFile file = READER.read("a.yaml", """
            jib: users
            migrate:
              tabel: app.users
              sett: { a: b }
              wher: a IS NULL
              schedule: { chron: 0 0 1 * * ? }
            """);

        assertThat(file.mistakes())
                .extracting(m -> m.line() + " " + m.code() + " " + m.fix())
                .containsExactly(
                        "1 unknown-key Did you mean `job`?",
                        "3 unknown-key Did you mean `table`?",
                        "4 unknown-key Did you mean `set`?",
                        "5 unknown-key Did you mean `where`?",
                        "6 unknown-key Did you mean `cron`?");
    }

    @Test
    void bytesThatAreNotUtf8AreRefused() {
        JobFile file = READER.read("a.yaml", "job: Müller".getBytes(StandardCharsets.ISO_8859_1));

        assertThat(file.mistakes()).singleElement().satisfies(m -> {
            assertThat(m.code()).isEqualTo("not-utf8");
            assertThat(m.fix()).contains("UTF-8");
        });
    }

    @Test
    void aFileThatCannotBeReadIsAMistake() {
        JobFile file = READER.read("nowhere.yaml", Path.of("does", "not", "exist.yaml"));

        assertThat(file.mistakes())
                .singleElement()
                .asString()
                .contains("nowhere.yaml: cannot be read: there is no such file.");
    }
}
