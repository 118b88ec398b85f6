package dev.sluice.bench;

import java.io.IOException;
import java.sql.SQLException;

/** Something that fills {@code app.people} beside the application, and can be made to rest and to go on. */
interface Neighbour {
    /** Sets it to work. Returns when it changes rows. */
    void work() throws IOException, InterruptedException, SQLException;

    /**
     * Stops it. Nothing of it is at work when this returns.
     *
     * @return false where it had ended before by itself, so that what was measured beside it counts for nothing
     */
    boolean rest() throws IOException, InterruptedException, SQLException;

    /** A count that grows by one with each row that it changes; NaN where nobody can tell while it works. */
    double rows() throws SQLException;

    /** What holds it back now, a code and its message; empty where nothing does, or nobody can tell. */
    String limit() throws IOException, InterruptedException;
}
