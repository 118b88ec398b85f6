package dev.sluice.run;

import dev.sluice.database.Database;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Sees from the outside that a target takes no writes. Where it is the control database too, no sign of life can be
 * written then, and what the lanes of another worker have written last is old: it said what limited them before.
 *
 * @param why the target takes none; null where it does, or where the lanes of every run tell
 */
record UnwritableTargets(@Nullable String why) {
    /** While lanes write their signs of life, their word counts. */
    private static final Duration FRESH = Duration.ofSeconds(5);

    /** Asks the target, if it matters to one of the runs on it. */
    static UnwritableTargets of(Database target, List<RunFacts> runs) {
        return new UnwritableTargets(
                runs.stream().anyMatch(UnwritableTargets::matters)
                        ? target.sql()
                                .fetchSingle("SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'it is a standby'"
                                        + " WHEN pg_catalog.current_setting('transaction_read_only') = 'on'"
                                        + " THEN 'its transactions are read-only (default_transaction_read_only)' END")
                                .get(0, String.class)
                        : null);
    }

    /** To a run that is wanted running, and whose lanes do not tell. */
    private static boolean matters(RunFacts run) {
        boolean told = !run.carried().isEmpty()
                && Duration.between(run.lastSign(), run.clock()).compareTo(FRESH) < 0;
        return run.state().isLive() && run.state() != RunState.PAUSED && !told;
    }

    /** What limits the run; null where this does not. */
    RunStatus.@Nullable Limit limit(RunFacts run) {
        return why == null || !matters(run)
                ? null
                : new RunStatus.Limit(
                        "database-read-only",
                        "database \"" + run.row().getDatabase() + "\" takes no writes: " + why
                                + "; the run goes on by itself when it does",
                        null,
                        null,
                        run.lastSign().toInstant());
    }
}
