package dev.sluice.throttle;

import dev.sluice.job.ThrottleSettings;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * How much of the server's processors the batches may keep busy. No signal tells in time that statements wait for a
 * core: they only take a little longer, each of them. So this is not measured and answered but kept from the start.
 *
 * @param share of the cores, above 0, that all batches on the database together may keep busy while others are at work;
 *     {@link ThrottleSettings#ALL_CORES} for no bound
 * @param cores of the server
 * @param known whether somebody has told how many those are; otherwise {@value #ASSUMED} are taken
 */
record CoreBudget(double share, int cores, boolean known) {
    /** As reasons and job files name it. */
    static final String CODE = "cores";
    /**
     * Cores of a server that nobody has told of, and that {@link ServerCores} cannot see: a small one, since too few
     * cost time, and too many the application.
     */
    static final int ASSUMED = 4;
    /**
     * So many busy sessions on a core are an application at work. With fewer the budget grows in proportion, up to
     * everything: there is nobody to feel it. Chosen, not measured: a single session that is always busy counts as an
     * application on up to five cores.
     */
    static final double AT_WORK = 0.2;
    /**
     * Lanes without number must not come to a standstill: with this a batch of the shortest, 2 ms, comes every 800 ms.
     * The budget is exceeded where they are that many.
     */
    static final double LEAST = 0.0025;

    CoreBudget {
        if (!(share > 0) || cores < 1) {
            throw new IllegalArgumentException("a budget of " + share + " of " + cores + " cores");
        }
    }

    /**
     * Of a server.
     *
     * @param share as the job or the configuration has it; {@link ThrottleSettings#DEFAULT_CORES} where neither says
     *     one
     */
    static CoreBudget of(double share, OptionalInt known) {
        int cores = known.orElse(ASSUMED);
        double stated = share == ThrottleSettings.DEFAULT_CORES
                ? Math.max(ThrottleSettings.DEFAULT_SHARE, ThrottleSettings.DEFAULT_OF_ONE / cores)
                : share;
        return new CoreBudget(stated, cores, known.isPresent());
    }

    /**
     * Share of the cores that may be kept busy now, up to 1.
     *
     * @param sessions of others that are busy; NaN where that is not known, which counts as an application at work
     */
    double now(double sessions) {
        double busy = sessions / cores;
        return Math.min(1, busy < AT_WORK ? share * AT_WORK / Math.max(busy, 1e-9) : share);
    }

    /**
     * The pace that keeps it, {@value #LEAST} to 1: a lane that works keeps one core busy.
     *
     * @param sessions of others that are busy, or NaN
     * @param lanes on the database, of all workers, at least 1
     */
    double pace(double sessions, int lanes) {
        return Math.clamp(now(sessions) * cores / lanes, LEAST, 1);
    }

    /** Whether there is no bound. */
    boolean isNone() {
        return share == ThrottleSettings.ALL_CORES;
    }

    /** The same server with another share of it, or {@link ThrottleSettings#ALL_CORES}. */
    CoreBudget with(double other) {
        return new CoreBudget(other, cores, known);
    }

    /** Whether that is more than the budget has for each lane. */
    boolean isExceeded(double sessions, int lanes) {
        return now(sessions) * cores / lanes < LEAST;
    }

    /**
     * What it is and what it is kept for, for people.
     *
     * @param sessions of others that are busy, or NaN
     */
    String text(double sessions) {
        String counted = Amount.cut(sessions, sessions < 0.1 ? 3 : 1);
        return String.format(
                Locale.ROOT,
                "batches may keep %s of the %d cores%s busy beside %s",
                Amount.share(now(sessions)),
                cores,
                known ? "" : " (assumed; set databases.*.cores)",
                Double.isNaN(sessions)
                        ? "others, whose number is not known"
                        : counted + " busy session" + (counted.equals("1") ? "" : "s") + " of others");
    }
}
