package dev.sluice.run;

import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which of several reasons a run is said to be limited by: one that stops it before one that slows it. */
final class LimitRank {
    /** The database itself: nothing of the run can go on. */
    private static final String OF_THE_DATABASE = "database-";
    /** A failed try, of this batch. */
    private static final String OF_A_TRY = "retry";
    /** Say nothing while another lane has a better one. */
    private static final Set<String> GROWING = Set.of("pace", "first-sample", LaneTable.WAITS);
    /** Rates of a database begin with its word, and only slow down. */
    private static final Set<String> RATES = Set.of("database-rows-per-second", "database-wal-per-hour");

    private LimitRank() {}

    static RunStatus.@Nullable Limit strongest(List<RunStatus.Limit> limits) {
        return limits.stream().min(Comparator.comparing(l -> rank(l.reason()))).orElse(null);
    }

    static RunStatus.@Nullable Limit stronger(RunStatus.@Nullable Limit a, RunStatus.@Nullable Limit b) {
        if (a == null || b == null) {
            return a == null ? b : a;
        }
        return rank(b.reason()) < rank(a.reason()) ? b : a;
    }

    private static int rank(String reason) {
        if (reason.startsWith(OF_THE_DATABASE) && !RATES.contains(reason)) {
            return 0;
        }
        if (reason.startsWith(OF_A_TRY)) {
            return 1;
        }
        return GROWING.contains(reason) ? 3 : 2;
    }
}
