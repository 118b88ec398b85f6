package dev.sluice.bench;

import dev.sluice.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * How busy the application is.
 *
 * @param options pgbench's, for what it does
 * @param maximum transactions a second that it gets through alone, all sessions always busy
 * @param rate transactions a second that are due
 */
record Load(List<String> options, double maximum, double rate) {
    private static final double SHARE = 0.4;
    /** Ends pgbench where nobody else does. */
    private static final Duration AT_MOST = Duration.ofMinutes(15);

    /** Measures the maximum, and takes 40 percent of it. */
    static Load of(TestPostgres.Fresh database, Path folder, Scenario scenario, long rows, Duration measured)
            throws IOException, InterruptedException {
        List<String> options = scenario.options(folder, rows);
        double maximum = Pgbench.maximum(database, folder, options, measured, measured);
        return new Load(options, maximum, Math.rint(SHARE * maximum));
    }

    Pgbench start(TestPostgres.Fresh database, Path folder) throws IOException {
        return Pgbench.start(database, folder, options, rate, AT_MOST);
    }
}
