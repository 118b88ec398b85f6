package dev.sluice.execution;

import dev.sluice.checkpoint.Relations;
import dev.sluice.database.Database;
import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.run.ResolvedJob;
import dev.sluice.run.RunStatus;
import dev.sluice.sql.TableName;
import dev.sluice.time.Time;
import dev.sluice.verify.Analyze;
import dev.sluice.verify.Statistics;
import dev.sluice.verify.Statistics.Change;
import dev.sluice.verify.Statistics.Relation;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Sees to it that the changed table has statistics of its rows as the run leaves them: plans after the switch need
 * them. What the role may ANALYZE is analysed here; for the rest the run waits, for autovacuum or for a person, and
 * says so.
 */
final class FreshStatistics {
    /** In {@code limitedBy}. */
    static final String REASON = "not-analyzed";

    private static final Duration ASKED_EVERY = Duration.ofSeconds(2);
    private static final int NAMED = 3;

    private final RetryLoop retryLoop;
    private final PassBeginning passes;
    private final Relations relations;
    private final StopAll stopAll;
    private final Time time;
    private final Database database;
    private final TableName table;
    private final Statistics statistics;
    /** When this run's carrier has analysed what, by the oid. */
    private final Map<Long, Instant> done = new HashMap<>();
    /** What was asked for once is not asked for again: until when the run had changed what, by the oid. */
    private final Map<Long, Instant> tried = new HashMap<>();
    /** So was the whole table: afterwards only what came meanwhile has to be analysed. */
    private boolean wholeTried;

    FreshStatistics(RetryLoop retryLoop, PassBeginning passes, StopAll stopAll, Time time) {
        ResolvedJob resolved = passes.prepared();
        this.retryLoop = retryLoop;
        this.passes = passes;
        this.stopAll = stopAll;
        this.time = time;
        this.database = resolved.rows(); // an index on an expression calls functions of the job's path
        this.relations = new Relations(database);
        this.table = resolved.changed();
        this.statistics = new Statistics(database, table);
    }

    /**
     * Waits until there are such statistics.
     *
     * @return as of when the oldest of them are, by the database's clock; empty when all runs were stopped meanwhile,
     *     and then the run is to be looked at again
     * @throws Stop when the run has moved meanwhile
     */
    Optional<Instant> await(RunRecord row) throws Stop, RunFailed, InterruptedException {
        Changes changes = retryLoop.insist("checkpoint", () -> changes(row));
        while (!stopAll.isNoted()) {
            List<Relation> all = retryLoop.insist("statistics", statistics::now);
            if (!wholeTried && all.stream().allMatch(Relation::mayAnalyze)) {
                wholeTried = true;
                Analyze.Done analyzed = retryLoop.insist("analyze", () -> Analyze.table(database, table));
                if (analyzed.skipped() == null) {
                    all.forEach(r -> done.put(r.oid(), analyzed.at()));
                }
            }
            for (Relation relation : stale(all, changes)) {
                Instant ended = changes.of(relation.oid()).ended();
                if (relation.mayAnalyze() && !ended.equals(tried.put(relation.oid(), ended))) {
                    Analyze.Done analyzed = retryLoop.insist("analyze", () -> Analyze.table(database, relation.name()));
                    if (analyzed.skipped() == null) {
                        done.put(relation.oid(), analyzed.at());
                    }
                }
            }
            List<Relation> stale = stale(all, changes);
            if (stale.isEmpty()) {
                retryLoop.waits().released();
                return Optional.of(oldest(all));
            }
            retryLoop.waits().hold(limit(stale), ASKED_EVERY);
            if (!passes.row(row.getId()).getState().equals(row.getState())) {
                throw new Stop(Stop.Reason.NOT_WANTED);
            }
        }
        return Optional.empty();
    }

    /** What the run has changed, by the oid of the relation; of a table that is filled, all of it together. */
    private record Changes(boolean filled, Map<Long, Change> byRelation, Change all) {
        Change of(long oid) {
            return filled ? all : byRelation.getOrDefault(oid, new Change(all.began(), all.began(), 0));
        }
    }

    private Changes changes(RunRecord row) {
        Map<Long, Change> by = new HashMap<>();
        relations
                .changesByRelation(row.getId())
                .forEach((oid, c) -> by.put(oid, new Change(c.began(), c.ended(), c.rows())));
        Instant began = by.values().stream()
                .map(Change::began)
                .min(Comparator.naturalOrder())
                .orElse(Instant.EPOCH);
        Instant ended = by.values().stream()
                .map(Change::ended)
                .max(Comparator.naturalOrder())
                .orElse(began);
        long rows = by.values().stream().mapToLong(Change::rows).sum();
        return new Changes(!table.equals(passes.prepared().facts().name()), by, new Change(began, ended, rows));
    }

    /** The leaves alone hold rows; nobody but a person analyses their parent. */
    private List<Relation> stale(List<Relation> all, Changes changes) {
        return all.stream()
                .filter(r -> !r.parent())
                .filter(r -> {
                    Change change = changes.of(r.oid());
                    Instant ours = done.get(r.oid());
                    return (ours == null || ours.isBefore(change.ended())) && !r.isFresh(change);
                })
                .toList();
    }

    private Instant oldest(List<Relation> all) {
        return all.stream()
                .filter(r -> !r.parent() && !r.empty())
                .map(r -> later(r.analyzed(), done.get(r.oid())))
                .filter(Objects::nonNull)
                .min(Comparator.naturalOrder())
                .orElseGet(() -> all.get(0).now());
    }

    private static @Nullable Instant later(@Nullable Instant a, @Nullable Instant b) {
        return a == null || (b != null && b.isAfter(a)) ? b : a;
    }

    private RunStatus.Limit limit(List<Relation> stale) throws Stop, RunFailed, InterruptedException {
        boolean noted = retryLoop.insist("statistics", statistics::areNoted);
        String names = stale.stream()
                .limit(NAMED)
                .map(r -> r.name()
                        + (r.analyzed() == null ? " (never, as far as the server knows)" : " (" + r.analyzed() + ")"))
                .collect(Collectors.joining(", "));
        String statements = stale.stream()
                .limit(NAMED)
                .map(r -> "ANALYZE " + r.name().sql() + ";")
                .collect(Collectors.joining(" "));
        String more = stale.size() > NAMED ? " and " + (stale.size() - NAMED) + " more partitions" : "";
        return new RunStatus.Limit(
                REASON,
                "waiting for statistics of the changed rows, which plans after the switch need. Last analysed: " + names
                        + more + ". The worker's role may not do it. Let the owner of the table run: "
                        + (noted ? "" : "SET track_counts = on; (it is off, so nobody can tell what was analysed) ")
                        + (table.equals(stale.get(0).name()) || stale.size() <= NAMED
                                ? statements
                                : "ANALYZE " + table.sql() + ";")
                        + (noted ? " Autovacuum does it too, where it is on and enough rows were changed." : "")
                        + " The run goes on by itself then",
                (double) stale.size(),
                0.0,
                time.now());
    }
}
