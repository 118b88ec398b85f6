package dev.sluice.bench;

import dev.sluice.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The application on a fresh copy of the table, and a worker that has nothing to do yet. Phases are made here; what was
 * felt in them is read from pgbench's log when the stage is over.
 */
final class Stage implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final String IDLE = "SELECT count(*) FROM pg_stat_activity"
            + " WHERE datname = current_database() AND application_name = 'pgbench' AND state = 'idle'";

    private final TestPostgres.Fresh database;
    private final SluiceProcess worker;
    private final Pgbench application;

    /**
     * How long things last.
     *
     * @param settle after each change, not measured
     * @param measured a phase, after that
     */
    record Cadence(Duration settle, Duration measured) {}

    private Stage(TestPostgres.Fresh database, SluiceProcess worker, Pgbench application) {
        this.database = database;
        this.worker = worker;
        this.application = application;
    }

    /**
     * Sets it, and lets the application warm up.
     *
     * @param database a fresh copy
     * @param folder with job files; logs go there
     * @param load the application, to be started
     * @param warmUp how long nothing happens but the application
     */
    static Stage set(TestPostgres.Fresh database, Path folder, Load load, Duration warmUp)
            throws IOException, InterruptedException {
        SluiceProcess worker = SluiceProcess.start(database, folder);
        try {
            var stage = new Stage(database, worker, load.start(database, folder));
            TimeUnit.MILLISECONDS.sleep(warmUp.toMillis());
            return stage;
        } catch (IOException | InterruptedException | RuntimeException e) {
            worker.close();
            throw e;
        }
    }

    TestPostgres.Fresh database() {
        return database;
    }

    /** A run of this job that has warmed up, and is paused. */
    RunBeside run(String job, Duration warmUp) throws IOException, InterruptedException {
        return RunBeside.start(worker, database, job, warmUp);
    }

    /** A phase in which nothing is beside the application. */
    Phase alone(Cadence cadence) throws IOException, InterruptedException {
        awaitCalm();
        TimeUnit.MILLISECONDS.sleep(cadence.settle.toMillis());
        Instant from = Instant.now();
        double cpu = worker.cpuSeconds();
        TimeUnit.MILLISECONDS.sleep(cadence.measured.toMillis());
        return phase(from, cpu);
    }

    /** A phase beside this, which rests again afterwards; empty where it had ended by itself. */
    Optional<Phase> beside(Neighbour neighbour, Cadence cadence)
            throws IOException, InterruptedException, SQLException {
        awaitCalm();
        neighbour.work();
        Phase phase = onward(neighbour, cadence);
        return neighbour.rest() ? Optional.of(phase) : Optional.empty();
    }

    /** A phase beside this, which works already and goes on doing so. */
    Phase onward(Neighbour neighbour, Cadence cadence) throws IOException, InterruptedException, SQLException {
        TimeUnit.MILLISECONDS.sleep(cadence.settle.toMillis());
        double before = neighbour.rows();
        Instant from = Instant.now();
        double cpu = worker.cpuSeconds();
        TimeUnit.MILLISECONDS.sleep(cadence.measured.toMillis());
        Phase phase = phase(from, cpu);
        double rows = neighbour.rows() - before;
        return phase.filled(rows, neighbour.limit());
    }

    /** One that ends now. */
    private Phase phase(Instant from, double cpuBefore) {
        return new Phase(from, Instant.now()).with(worker.cpuSeconds() - cpuBefore);
    }

    /**
     * Ends the application, once all that was due has been done.
     *
     * @return what it felt
     */
    TransactionLog end() throws IOException, InterruptedException {
        awaitCalm();
        return application.end();
    }

    /** Waits until the application has caught up: most of its sessions have nothing to do, thrice in a row. */
    private void awaitCalm() throws IOException, InterruptedException {
        long patience = System.nanoTime() + PATIENCE.toNanos();
        for (int calm = 0; calm < 3; ) {
            calm = Integer.parseInt(database.value(IDLE)) * 2 >= Pgbench.CLIENTS ? calm + 1 : 0;
            if (!application.isAlive() || System.nanoTime() > patience) {
                throw new IOException(
                        "pgbench has " + (application.isAlive() ? "not caught up" : "ended before its time"));
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    @Override
    public void close() throws InterruptedException {
        try {
            application.close();
        } finally {
            worker.close();
        }
    }
}
