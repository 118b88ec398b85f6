package dev.sluice.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sql.TableName;
import dev.sluice.testing.TestPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What the example jobs say, said to the sample tables at one stroke: it fits, it finds rows, and nothing is left over.
 */
class ExampleJobsOnPostgresTest {
    private static final TestPostgres.Fresh DATABASE = TestPostgres.create();

    @BeforeAll
    static void makeSampleTables() throws IOException {
        try (InputStream script =
                Objects.requireNonNull(Job.class.getResourceAsStream("/dev/sluice/dev/sample-tables.sql"))) {
            String sql = new String(script.readAllBytes(), StandardCharsets.UTF_8);
            DATABASE.run("BEGIN;" + sql.replace(":people", "1000") + ";COMMIT");
        }
    }

    private static Job.Migrate example(String name) {
        Path file = Path.of("jobs", name + ".yaml");
        return new JobReader(cron -> Optional.empty())
                .read(name, file)
                .job()
                .orElseThrow()
                .migrate();
    }

    private static long count(String from) {
        return Long.parseLong(DATABASE.value("SELECT count(*) FROM " + from));
    }

    @Test
    void setJobsLeaveNoRowThatStillMatches() {
        for (String name : new String[] {"people-full-name", "order-lines-amount"}) {
            Job.Migrate job = example(name);
            String rows = job.table().sql() + " WHERE " + job.where().orElseThrow();
            assertThat(count(rows)).as(name).isGreaterThan(900);
            String set = ((Shape.Set) job.shape())
                    .columns().entrySet().stream()
                            .map(e -> TableName.quote(e.getKey()) + " = (" + e.getValue() + ")")
                            .collect(Collectors.joining(", "));
            DATABASE.run("UPDATE " + job.table().sql() + " SET " + set + " WHERE "
                    + job.where().orElseThrow());
            assertThat(count(rows)).as(name).isZero();
        }
        assertThat(count("app.people WHERE full_name <> btrim(full_name)")).isZero();
    }

    @Test
    void theInsertJobFillsEveryTotal() {
        Job.Migrate job = example("order-totals");
        Shape.Insert insert = (Shape.Insert) job.shape();
        String columns =
                insert.columns().keySet().stream().map(TableName::quote).collect(Collectors.joining(", "));
        String fill = "INSERT INTO " + insert.target().sql() + " (" + columns + ") SELECT "
                + String.join(", ", insert.columns().values()) + " FROM "
                + job.table().sql() + " ON CONFLICT ("
                + insert.conflict().columns().stream().map(TableName::quote).collect(Collectors.joining(", "))
                + ") DO NOTHING";
        DATABASE.run(fill, fill);
        assertThat(count(insert.target().sql()))
                .isEqualTo(count(job.table().sql()))
                .isEqualTo(500);
    }

    @Test
    void theDeleteJobPurgesSomeAndKeepsSome() {
        Job.Migrate job = example("sessions-purge");
        long all = count(job.table().sql());
        assertThat(count(job.table().sql() + " WHERE " + job.where().orElseThrow()))
                .isBetween(all / 4, all * 3 / 4);
    }
}
