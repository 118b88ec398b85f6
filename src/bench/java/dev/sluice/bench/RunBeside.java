package dev.sluice.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.testing.TestPostgres;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A run of Sluice as a neighbour: it works and rests by {@code resume} and {@code pause}; the worker stays up. */
final class RunBeside implements Neighbour {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final SluiceProcess worker;
    private final TestPostgres.Fresh database;
    private final String run;

    private RunBeside(SluiceProcess worker, TestPostgres.Fresh database, String run) {
        this.worker = worker;
        this.database = database;
        this.run = run;
    }

    /** Starts a run of the job, lets it work for a while, and pauses it. */
    static RunBeside start(SluiceProcess worker, TestPostgres.Fresh database, String job, Duration warmUp)
            throws IOException, InterruptedException {
        worker.awaitJob(job);
        var made = new RunBeside(worker, database, worker.run(job));
        made.awaitRowsAbove(0);
        TimeUnit.MILLISECONDS.sleep(warmUp.toMillis());
        if (!made.rest()) {
            throw new IOException("job " + job + " had no rows left after its warm-up; give it more (-Dbench.rows)");
        }
        return made;
    }

    @Override
    public void work() throws IOException, InterruptedException {
        double before = rows();
        worker.move(run, "resume");
        awaitRowsAbove(before);
    }

    @Override
    public boolean rest() throws IOException, InterruptedException {
        if (!isAtWork()) {
            return false;
        }
        worker.move(run, "pause");
        return true;
    }

    /** Whether its migrate pass has not come to its end yet, paused or not. */
    boolean isAtWork() throws IOException, InterruptedException {
        String state = worker.look(run).at("/state").asText();
        return List.of("queued", "running", "paused").contains(state)
                && database.value("SELECT count(*) FROM sluice.pass WHERE run_id = '" + run
                                + "' AND (pass > 0 OR finished_at IS NOT NULL)")
                        .equals("0");
    }

    /** Ends it for good. */
    void cancel() throws IOException, InterruptedException {
        worker.move(run, "cancel");
    }

    /** Changes its settings. */
    void tune(String json) throws IOException, InterruptedException {
        worker.tune(run, json);
    }

    /** The last key of the range that it is in. */
    long reached() {
        return Long.parseLong(
                database.value("SELECT coalesce(max(greatest((cursor_key)[1]::bigint, (range_end)[1]::bigint)), 0)"
                        + " FROM sluice.checkpoint WHERE pass = 0 AND run_id = '" + run + "'"));
    }

    @Override
    public double rows() {
        return Double.parseDouble(database.value(
                "SELECT coalesce(sum(changed), 0) FROM sluice.checkpoint WHERE pass = 0 AND run_id = '" + run + "'"));
    }

    @Override
    public String limit() throws IOException, InterruptedException {
        JsonNode by = worker.look(run).at("/limitedBy");
        return by.isObject()
                ? by.at("/reason").asText() + ": " + by.at("/message").asText()
                : "";
    }

    private void awaitRowsAbove(double before) throws IOException, InterruptedException {
        long patience = System.nanoTime() + PATIENCE.toNanos();
        while (rows() <= before) {
            if (System.nanoTime() > patience) {
                throw new IOException(
                        "run " + run + " has changed nothing for " + PATIENCE.toSeconds() + " s: " + worker.look(run));
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }
}
