package dev.sluice.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.database.DatabaseSettings;
import dev.sluice.database.Databases;
import dev.sluice.database.OwnSchema;
import dev.sluice.job.Job;
import dev.sluice.job.JobFile;
import dev.sluice.job.JobReader;
import dev.sluice.testing.TestPostgres;
import dev.sluice.time.Time;
import java.util.List;
import java.util.Optional;

/** A fresh database with Sluice's own tables, jobs read from YAML, and the preflight over both. */
final class PlanBench implements AutoCloseable {
    final TestPostgres.Fresh postgres = TestPostgres.create();
    private final Databases databases;
    private final DryRun dryRun;

    PlanBench() {
        databases = databases(postgres.user(), postgres.password());
        OwnSchema.migrate(databases.get("main"), false);
        dryRun = new DryRun(databases, 0.005, Time.system());
    }

    Databases databases(String user, String password) {
        return new Databases(List.of(DatabaseSettings.of("main", postgres.url(), user, password)), "main");
    }

    static JobFile file(String yaml) {
        JobFile file = new JobReader(cron -> Optional.empty()).read("jobs/j.yaml", yaml);
        assertThat(file.mistakes()).isEmpty();
        return file;
    }

    /** A job of the lines under {@code migrate}, and perhaps more. */
    static Job job(String migrate) {
        return file("job: j\nmigrate:\n" + migrate.indent(2)).job().orElseThrow();
    }

    static Job job(String migrate, String verify) {
        return file("job: j\nmigrate:\n" + migrate.indent(2) + "switch:\n  verify: \"" + verify + "\"\n")
                .job()
                .orElseThrow();
    }

    Check check(Job job) {
        return dryRun.examine(job);
    }

    PlanReport planWithoutTrial(Job job) {
        return dryRun.plan(job, false);
    }

    PlanReport plan(Job job) {
        return dryRun.plan(job);
    }

    /** The preflight by sessions that begin now, on the same database. */
    Again again() {
        Databases fresh = databases(postgres.user(), postgres.password());
        return new Again(fresh, new DryRun(fresh, 0.005, Time.system()));
    }

    record Again(Databases databases, DryRun dryRun) implements AutoCloseable {
        Check check(Job job) {
            return dryRun.examine(job);
        }

        @Override
        public void close() {
            databases.close();
        }
    }

    @Override
    public void close() {
        databases.close();
    }
}
