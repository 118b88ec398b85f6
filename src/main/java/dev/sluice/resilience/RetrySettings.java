package dev.sluice.resilience;

import dev.sluice.config.Settings;
import dev.sluice.config.SettingsReader;
import dev.sluice.problem.Problem;
import java.time.Duration;

/**
 * How retries wait.
 *
 * @param attempts tries in a row for errors nobody knows ({@code OTHER}), the first one included; at least 1
 * @param firstWait around which the first wait lies; later ones double. At least 1 ms
 * @param maxWait no wait is longer; at least {@code firstWait}
 */
public record RetrySettings(int attempts, Duration firstWait, Duration maxWait) {
    /** What is used unless configured. */
    public static final RetrySettings DEFAULT = of(SettingsReader.defaults().retry());

    /** As the operator has set it. */
    public static RetrySettings of(Settings.Retry r) {
        return new RetrySettings(r.attempts(), r.firstWait(), r.maxWait());
    }

    /** @throws Problem INVALID {@code bad-retry-settings} for values outside of the ranges above */
    public RetrySettings {
        if (attempts < 1) {
            throw bad("attempts is " + attempts + ", it must be at least 1.");
        }
        if (firstWait.toMillis() < 1) {
            throw bad("the first wait is " + firstWait + ", it must be at least 1 ms.");
        }
        if (maxWait.compareTo(firstWait) < 0) {
            throw bad(
                    "the longest wait, " + maxWait + ", is shorter than the first, " + firstWait + ". Make it longer.");
        }
    }

    private static Problem bad(String what) {
        return new Problem(Problem.Kind.INVALID, "bad-retry-settings", "Retry settings: " + what);
    }
}
