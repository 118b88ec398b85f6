package dev.sluice.throttle;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/** A signal of the database itself: read on the sampler's own connection, within its budget of database time. */
public non-sealed interface DatabaseSource extends Source {
    /**
     * Reads it.
     *
     * @param connection in auto-commit mode; the session is as {@link dev.sluice.database.Database} pins it, with a
     *     statement timeout of a second
     * @return what was measured; empty where there is nothing to measure, which is as good as can be
     * @throws SQLException when it cannot be read now; it is unknown then
     */
    List<Measurement> read(Connection connection) throws SQLException;

    /**
     * Why it cannot be read here at all, and what to do about it; asked once before the first reading, and by
     * {@code plan}.
     *
     * @throws SQLException when the database does not answer
     */
    default Optional<Need> missing(Connection connection) throws SQLException {
        return Optional.empty();
    }

    /** What follows where something is missing, after its name. */
    default String whenMissing() {
        return "is off unless a job file names it";
    }

    /** Whether the time of a reading counts into the sampler's budget; not so for a commit that waits for the disk. */
    default boolean countsAsLoad() {
        return true;
    }

    /**
     * What a signal needs and does not have.
     *
     * @param what is missing, a sentence
     * @param fix what to run or to set, such as {@code GRANT pg_read_all_stats TO sluice}
     */
    record Need(String what, String fix) {}
}
