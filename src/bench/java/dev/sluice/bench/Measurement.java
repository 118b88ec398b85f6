package dev.sluice.bench;

import dev.sluice.bench.Contender.Worker;
import dev.sluice.testing.TestPostgres;
import java.util.concurrent.TimeUnit;

/**
 * What one contender did in one round.
 *
 * @param rowsPerSecond of the timed part
 * @param walPerRow bytes of WAL of the whole server, a row
 * @param growth size of the table with its indexes afterwards, by the size before
 * @param hotShare updates in place (heap-only), by all updates
 * @param worker what was measured of Sluice alone
 */
record Measurement(double rowsPerSecond, double walPerRow, double growth, double hotShare, Worker worker) {

    /** Lets a contender loose on a fresh copy of its table, measures it, and checks what it did. */
    static Measurement of(Contender contender, BenchServer server) throws Exception {
        People people = contender.table();
        TestPostgres.Fresh database = server.restored(people);
        var marks = new Ends(database);
        Contender.Timing timing = contender.work().fill(database, marks);
        long updates = updates(database, people.rows());
        people.check(database, updates);
        double inPlace = Double.parseDouble(database.value("SELECT sum(n_tup_hot_upd) FROM " + COUNTERS));
        return new Measurement(
                people.rows() / timing.seconds(),
                (double) (marks.walAfter - marks.walBefore) / people.rows(),
                (double) marks.sizeAfter / marks.sizeBefore,
                inPlace / updates,
                timing.worker());
    }

    private static final String COUNTERS = "pg_stat_user_tables WHERE relid IN (" + People.RELATIONS + ")";

    /** The server's sessions report their counts when they end, or some seconds late. */
    private static long updates(TestPostgres.Fresh database, long rows) throws InterruptedException {
        for (int i = 0; ; i++) {
            long now = Long.parseLong(database.value("SELECT sum(n_tup_upd) FROM " + COUNTERS));
            if (now >= rows || i == 150) {
                return now;
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    private static final class Ends implements Contender.Marks {
        private final TestPostgres.Fresh database;
        private long walBefore;
        private long walAfter;
        private long sizeBefore;
        private long sizeAfter;

        private Ends(TestPostgres.Fresh database) {
            this.database = database;
        }

        @Override
        public void begin() {
            database.run("CHECKPOINT");
            sizeBefore = number(BenchServer.SIZE);
            walBefore = number("pg_current_wal_lsn() - '0/0'");
        }

        @Override
        public void end() {
            walAfter = number("pg_current_wal_lsn() - '0/0'");
            sizeAfter = number(BenchServer.SIZE);
        }

        private long number(String expression) {
            return Long.parseLong(database.value("SELECT " + expression));
        }
    }
}
