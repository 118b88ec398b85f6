package dev.sluice.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.database.DatabaseSettings;
import dev.sluice.database.Databases;
import dev.sluice.database.OwnSchema;
import dev.sluice.event.Actor;
import dev.sluice.job.Job;
import dev.sluice.run.RunQueue;
import dev.sluice.run.StoredRuns;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import dev.sluice.time.Time;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Many at once on a small pool: each needs its connection for a moment, and so all get through. */
class SmallPoolTest {
    private static final int THREADS = 10;
    private static final int POOL = 3;
    /** Far longer than all of it takes, far shorter than a test may. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final TestPostgres.Fresh fresh = TestPostgres.create();
    private final Databases databases = new Databases(List.of(settings()), "main");

    private DatabaseSettings settings() {
        var d = DatabaseSettings.of("main", fresh.url(), fresh.user(), fresh.password());
        return new DatabaseSettings(
                d.name(),
                d.url(),
                d.user(),
                d.password(),
                POOL,
                d.lockTimeout(),
                d.statementTimeout(),
                d.idleInTransactionTimeout(),
                d.transactionTimeout(),
                d.analyzeTimeout(),
                PATIENCE,
                d.socketTimeout());
    }

    @AfterEach
    void close() {
        databases.close();
    }

    private static Job job(int nth) {
        return TestEngine.job("job: j" + nth + "\nmigrate: { table: t, set: { n: n + 1 } }");
    }

    /** All begin at the same moment, so that each has its first connection before anybody has a second one. */
    private static void together(IntConsumer work) throws Exception {
        CyclicBarrier begin = new CyclicBarrier(THREADS);
        try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            List<Future<?>> all = new ArrayList<>();
            IntStream.range(0, THREADS)
                    .forEach(i -> all.add(threads.submit(() -> {
                        begin.await();
                        work.accept(i);
                        return i;
                    })));
            for (Future<?> one : all) {
                one.get();
            }
        }
    }

    @Test
    void jobsAreExaminedAndRunsAreQueuedTunedAndCancelled() throws Exception {
        OwnSchema.migrate(databases.control(), true);
        fresh.run("CREATE TABLE t (id bigint PRIMARY KEY, n int)", "INSERT INTO t SELECT generate_series(1, 100)");
        DryRun dryRun = new DryRun(databases, 1, Time.system());
        together(i -> assertThat(dryRun.check(job(i))).noneMatch(f -> f.level().equals("refuse")));
        together(i -> assertThat(dryRun.plan(job(i)).runnable()).isTrue());

        RunQueue queue = new RunQueue(databases);
        UUID[] runs = new UUID[THREADS];
        together(i -> runs[i] = queue.queue(job(i), Actor.SCHEDULE, "schedule", Optional.empty())
                .run()
                .id());
        StoredRuns stored = new StoredRuns(databases);
        together(i -> assertThat(stored.pause(runs[i], Actor.SCHEDULE).state()).isEqualTo("paused"));
        together(i -> assertThat(stored.resume(runs[i], Actor.SCHEDULE).state()).isEqualTo("queued"));
        together(i -> assertThat(stored.cancel(runs[i], Actor.SCHEDULE).state()).isEqualTo("cancelled"));
        // of the same definition, and so resumed, in the target too
        together(i -> assertThat(queue.queue(job(i), Actor.SCHEDULE, "schedule", Optional.empty())
                        .resumed())
                .isTrue());
    }
}
