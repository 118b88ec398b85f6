package dev.sluice.bench;

import dev.sluice.testing.TestPostgres;

/**
 * One way of filling {@code app.people.full_name}.
 *
 * @param key short name, for {@code -Dbench.only}
 * @param title what the report calls it
 * @param table what it starts from
 * @param work does it, on a database of its own that holds the table and nothing else
 */
record Contender(String key, String title, People table, Work work) {
    /** How it is done. */
    @FunctionalInterface
    interface Work {
        /**
         * Changes every row. Marks the moment before its first change and the one after its last commit; what it needs
         * before and after that is not timed.
         *
         * @param database where the table is
         * @param marks the two marks go here
         */
        Timing fill(TestPostgres.Fresh database, Marks marks) throws Exception;
    }

    /** Takes what the server's counters say at the two ends of the timed part. */
    interface Marks {
        /** Everything is ready, nothing is changed yet: writes a checkpoint of the server, so that all begin alike. */
        void begin();

        /** The last change is committed. */
        void end();
    }

    /**
     * What only the contender itself knows.
     *
     * @param seconds of the timed part
     * @param worker of Sluice; none for the others
     */
    record Timing(double seconds, Worker worker) {
        Timing(double seconds) {
            this(seconds, Worker.NONE);
        }
    }

    /**
     * What is measured of Sluice alone; NaN where it is not.
     *
     * @param steadyRate rows per second between the commit of an early batch and that of the last one
     * @param residentMiB the most memory that the worker's process ever had resident
     * @param batches of the migrate pass
     * @param checkpointWal bytes of WAL that a batch writes about its checkpoint row
     * @param wholeSeconds from the request that started the run to {@code succeeded}, verification and ANALYZE included
     */
    record Worker(double steadyRate, double residentMiB, double batches, double checkpointWal, double wholeSeconds) {
        static final Worker NONE = new Worker(Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN);
    }
}
