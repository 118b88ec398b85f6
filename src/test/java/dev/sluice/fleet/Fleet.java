package dev.sluice.fleet;

import dev.sluice.database.Database;
import dev.sluice.database.DatabaseSettings;
import dev.sluice.database.OwnSchema;
import dev.sluice.job.Job;
import dev.sluice.job.JobFile;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import dev.sluice.time.Time;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** Workers on a control database of their own, each with a folder. */
final class Fleet implements AutoCloseable {
    static final Duration TAKEOVER = Duration.ofSeconds(15);
    final TestPostgres.Fresh fresh = TestPostgres.create();
    final Database control = open(fresh);

    Fleet() {
        OwnSchema.migrate(control, true);
    }

    private static Database open(TestPostgres.Fresh fresh) {
        return Database.open(DatabaseSettings.of("main", fresh.url(), fresh.user(), fresh.password()));
    }

    /** One of them. */
    final class One {
        final List<JobFile> files = new CopyOnWriteArrayList<>();
        final Member member;
        final Membership membership;
        final Definitions definitions;

        One(String name, Duration heartbeat, Duration takeover) {
            member = Member.starting(name, "1.2.3", heartbeat, takeover);
            membership = new Membership(control, member, Time.system());
            definitions = new Definitions(control, member, () -> List.copyOf(files));
        }

        /** Its folder has this and nothing else, and it says so. */
        void holds(Job... jobs) {
            files.clear();
            for (Job job : jobs) {
                files.add(new JobFile(job.name() + ".yaml", Optional.of(job), List.of(), Map.of()));
            }
            definitions.publish();
        }

        void broken(String path) {
            files.add(new JobFile(path, Optional.empty(), List.of(), Map.of()));
        }

        /** Its last sign of life was just longer ago than the takeover time. */
        void dies() {
            fresh.run("UPDATE sluice.worker SET heartbeat_at = clock_timestamp() - interval '"
                    + member.takeover().plusMillis(100).toMillis() + " ms' WHERE instance = '" + member.instance()
                    + "'");
        }
    }

    /** A worker that lives. */
    One worker(String name) {
        One one = new One(name, Duration.ofSeconds(2), TAKEOVER);
        one.membership.beat();
        return one;
    }

    /** A job whose fingerprint comes from the expression alone. */
    static Job job(String name, String expression, String more) {
        return TestEngine.job("job: " + name + "\nmigrate: { table: t, set: { a: \"" + expression
                + "\" }, where: a IS NULL" + more + " }");
    }

    static Job job(String name, String expression) {
        return job(name, expression, "");
    }

    @Override
    public void close() {
        control.close();
    }
}
