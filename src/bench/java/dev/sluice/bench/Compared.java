package dev.sluice.bench;

import java.util.function.ToDoubleFunction;

/**
 * What the application felt without something, and with it.
 *
 * @param alone without
 * @param beside with
 * @param rowsPerSecond that were filled meanwhile; NaN where that is not known
 * @param limit what held it back at the end, as {@link Phase#limit()}
 * @param workerCores how many cores the worker kept busy beside it, as {@link Phase#workerCores()}
 */
record Compared(Latencies alone, Latencies beside, double rowsPerSecond, String limit, double workerCores) {
    double ratio(ToDoubleFunction<Latencies> figure) {
        return figure.applyAsDouble(beside) / figure.applyAsDouble(alone);
    }
}
