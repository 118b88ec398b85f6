package dev.sluice.run;

import dev.sluice.database.Database;
import dev.sluice.database.schema.tables.records.LaneRecord;
import dev.sluice.database.schema.tables.records.RunRecord;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Sees from the outside that a target takes no writes. Where it is the control database too, no sign of life can be
 * written then, and what the lanes of another worker have written last is old: it said what limited them before.
 */
final class UnwritableTargets {
    /** While lanes write their signs of life, their word counts. */
    private static final Duration FRESH = Duration.ofSeconds(5);

    private UnwritableTargets() {}

    /** What limits a run that is wanted running; null where the target takes writes, or its lanes tell. */
    static RunStatus.@Nullable Limit of(
            Database target, RunRecord row, List<LaneRecord> carried, OffsetDateTime clock) {
        RunState state = RunState.of(row.getState());
        OffsetDateTime sign = carried.stream()
                .map(LaneRecord::getHeartbeatAt)
                .filter(Objects::nonNull)
                .max(OffsetDateTime::compareTo)
                .orElse(row.getCreatedAt());
        boolean told = !carried.isEmpty() && Duration.between(sign, clock).compareTo(FRESH) < 0;
        if (!state.isLive() || state == RunState.PAUSED || told) {
            return null;
        }
        String why = target.sql()
                .fetchSingle("SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'it is a standby'"
                        + " WHEN pg_catalog.current_setting('transaction_read_only') = 'on'"
                        + " THEN 'its transactions are read-only (default_transaction_read_only)' END")
                .get(0, String.class);
        return why == null
                ? null
                : new RunStatus.Limit(
                        "database-read-only",
                        "database \"" + row.getDatabase() + "\" takes no writes: " + why
                                + "; the run goes on by itself when it does",
                        null,
                        null,
                        sign.toInstant());
    }
}
