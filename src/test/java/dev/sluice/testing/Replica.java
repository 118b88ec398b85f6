package dev.sluice.testing;

import static org.awaitility.Awaitility.await;

import java.time.Duration;

/** A streaming replica of a {@link Primary}; it can be read. */
public final class Replica implements AutoCloseable {
    private final String name;
    private final Instance instance;

    Replica(String name, Instance instance) {
        this.name = name;
        this.instance = instance;
    }

    /** Its {@code application_name}; several of a primary's may have one. */
    public String name() {
        return name;
    }

    boolean runs() {
        return instance.runs();
    }

    /** Its database {@code postgres}, read-only. */
    public TestPostgres.Fresh database() {
        return instance.database();
    }

    /** From the return on it still receives WAL, and replays none of it. */
    public void pauseReplay() {
        database().run("SELECT pg_wal_replay_pause()");
        // the pause takes effect between two records; what waits for more WAL looks again several times a second
        await().atMost(Duration.ofSeconds(30))
                .until(() -> database()
                        .value("SELECT pg_get_wal_replay_pause_state()")
                        .equals("paused"));
    }

    /** It replays again what it has received. */
    public void resumeReplay() {
        database().run("SELECT pg_wal_replay_resume()");
    }

    /** Stops it; it is not connected any more. */
    public void stop() {
        instance.stop("fast");
    }

    /** Starts it again after a stop. */
    public void startAgain() {
        instance.start();
    }

    @Override
    public void close() {
        instance.close();
    }
}
