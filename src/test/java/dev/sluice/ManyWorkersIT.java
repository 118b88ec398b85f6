package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.TestPostgres;
import dev.sluice.testing.TestPostgres.Fresh;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A deploy that starts all its workers at once, on a database that has never seen one. */
@Tag("database")
class ManyWorkersIT {
    private static final int WORKERS = 20;
    /** PostgreSQL's default {@code max_connections} without what it keeps for superusers. */
    private static final int CONNECTIONS = 97;

    @TempDir
    private Path folder;

    @Test
    @Timeout(180)
    void twentyWorkersStartAtOnceOnAnEmptyDatabase() throws Exception {
        Fresh db = TestPostgres.create();
        Bench.people(db, 1_000);
        String role = "many_" + ProcessHandle.current().pid();
        String database = db.url().replaceAll(".*/", "");
        db.run(
                "CREATE ROLE " + role + " LOGIN PASSWORD 'many' CONNECTION LIMIT " + CONNECTIONS,
                "GRANT CREATE ON DATABASE " + database + " TO " + role,
                "GRANT USAGE ON SCHEMA app TO " + role,
                "ALTER TABLE app.people OWNER TO " + role);
        Files.writeString(folder.resolve("upper.yaml"), Bench.job("upper"));

        List<Bench> workers = new CopyOnWriteArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(WORKERS);
        try {
            List<Future<?>> starting = new ArrayList<>();
            for (int i = 0; i < WORKERS; i++) {
                var environment = Bench.environment(folder, new Fresh(db.url(), role, "many"));
                environment.put("SLUICE_WORKER_NAME", "worker-" + i);
                starting.add(threads.submit(() -> workers.add(Bench.start(folder, environment, Optional.empty()))));
            }
            for (Future<?> one : starting) {
                one.get(150, TimeUnit.SECONDS);
            }
            assertThat(workers).hasSize(WORKERS);
            String run = workers.getFirst().run("upper");
            // the role may be out of connections until the pools give back those of the start, after 30 s
            workers.getLast().awaitState(run, "succeeded", Duration.ofSeconds(90));
        } finally {
            threads.shutdownNow();
            workers.parallelStream().forEach(Bench::close);
        }
        assertThat(db.value("SELECT count(*) - count(DISTINCT script) FROM sluice.schema_history_control"))
                .as("migrations done twice")
                .isEqualTo("0");
        assertThat(db.value("SELECT count(upper_name) FROM app.people")).isEqualTo("1000");
    }

    @Test
    void aFewProcessesStartAtOnceOnAnEmptyDatabase() throws Exception {
        Fresh db = TestPostgres.create();
        List<WorkerProcess> workers = new ArrayList<>();
        try {
            for (int i = 0; i < 3; i++) {
                workers.add(WorkerProcess.start(
                        db, folder, folder.resolve("log-" + i), Map.of("SLUICE_WORKER_NAME", "worker-" + i)));
            }
            await().atMost(Duration.ofSeconds(60)).until(() -> workers.stream().allMatch(WorkerProcess::isReady));
            for (int i = 0; i < 3; i++) {
                String log = Files.readString(folder.resolve("log-" + i));
                assertThat(log).contains("takes work").doesNotContain("ERROR", "WARN", "Exception");
            }
        } finally {
            for (WorkerProcess worker : workers) {
                worker.close();
            }
        }
    }
}
