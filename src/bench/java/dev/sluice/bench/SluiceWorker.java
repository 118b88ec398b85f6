package dev.sluice.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.bench.Contender.Marks;
import dev.sluice.bench.Contender.Timing;
import dev.sluice.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Sluice as a contender: a worker, a job file, and one HTTP request. Timed: the migrate pass, from
 * {@code sluice.pass.started_at} to {@code finished_at}; verification follows, and is told apart.
 */
final class SluiceWorker {
    private static final String JOB = "people-full-name";
    private static final Duration PATIENCE = Duration.ofMinutes(30);

    private SluiceWorker() {}

    /**
     * Sluice with these lines in {@code migrate}.
     *
     * @param server whose WAL is looked into
     * @param folder for job file and log
     * @param more lines of the job file's {@code migrate}, such as {@code partitions: 2}
     */
    static Contender.Work with(BenchServer server, Path folder, String... more) {
        return (database, marks) -> {
            SluiceProcess.define(folder, JOB, unthrottled(more));
            try (SluiceProcess worker = SluiceProcess.start(database, folder)) {
                worker.awaitJob(JOB);
                marks.begin();
                return run(worker, server, database, marks);
            }
        };
    }

    private static Timing run(SluiceProcess worker, BenchServer server, TestPostgres.Fresh database, Marks marks)
            throws IOException, InterruptedException {
        long begin = System.nanoTime();
        String from = database.value("SELECT pg_current_wal_lsn()");
        String run = worker.run(JOB);
        Pace pace = Pace.watch(database, run, PATIENCE);
        marks.end();
        String to = database.value("SELECT pg_current_wal_lsn()");
        awaitSuccess(worker, run, begin);
        double whole = (System.nanoTime() - begin) / 1e9;
        double resident = worker.residentMiB();
        return new Timing(
                pace.seconds(),
                new Contender.Worker(
                        pace.steadyRate(), resident, pace.batches(), server.checkpointWal(database, from, to), whole));
    }

    private static void awaitSuccess(SluiceProcess worker, String run, long begin)
            throws IOException, InterruptedException {
        while (true) {
            JsonNode now = worker.look(run);
            switch (now.at("/state").asText()) {
                case "succeeded" -> {
                    return;
                }
                case "queued", "running", "verifying", "sweeping" -> TimeUnit.MILLISECONDS.sleep(50);
                default -> throw new IOException("the run is not succeeded: " + now);
            }
            if (System.nanoTime() - begin > PATIENCE.toNanos()) {
                throw new IOException("the run is not over after " + PATIENCE + ": " + now);
            }
        }
    }

    /** What is measured is the engine's own speed. */
    private static String[] unthrottled(String... more) {
        return Stream.concat(Arrays.stream(more), Stream.of("throttle: off")).toArray(String[]::new);
    }
}
