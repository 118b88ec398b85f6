package dev.sluice.schedule;

import dev.sluice.database.SqlFailure;
import dev.sluice.time.Time;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says once that the control database is away, and once that it is back, however often Quartz stumbles over it. It is
 * back when it has answered for a while: a server that goes down does not drop all its connections at the same moment.
 */
final class Outage {
    private static final Logger LOG = LoggerFactory.getLogger(Outage.class);

    private static final Duration STEADY = Duration.ofSeconds(2);

    private final String database;
    private final Time time;
    private boolean away;
    private long since;
    private boolean answering;
    private long answers;

    Outage(String database, Time time) {
        this.database = database;
        this.time = time;
    }

    /**
     * Takes note of an error.
     *
     * @return whether it is one of a database that is away, and so told already
     */
    synchronized boolean tells(Throwable thrown) {
        SqlFailure failure = SqlFailure.in(thrown).filter(f -> f.kind().holds()).orElse(null);
        answering = false;
        if (failure == null) {
            return away && SqlFailure.in(thrown).isPresent();
        }
        if (!away) {
            away = true;
            since = time.nanos();
            LOG.warn("The schedule waits for database {}: {}. It goes on by itself.", database, failure);
        }
        return true;
    }

    /** A connection was to be had. */
    synchronized void answered() {
        if (!away) {
            return;
        }
        long now = time.nanos();
        if (!answering) {
            answering = true;
            answers = now;
        } else if (now - answers >= STEADY.toNanos()) {
            away = false;
            LOG.info(
                    "Database {} answers the schedule again, after {} s.",
                    database,
                    Duration.ofNanos(answers - since).toSeconds());
        }
    }
}
