package dev.sluice.execution;

import static dev.sluice.database.schema.Tables.RUN;

import dev.sluice.checkpoint.Checkpoints;
import dev.sluice.checkpoint.Counts;
import dev.sluice.checkpoint.Pass;
import dev.sluice.checkpoint.Relations;
import dev.sluice.checkpoint.Relations.Changed;
import dev.sluice.checkpoint.VerificationRounds;
import dev.sluice.database.SqlFailure;
import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.partition.KeyRange;
import dev.sluice.partition.Ranges;
import dev.sluice.run.Repeatable;
import dev.sluice.run.ResolvedJob;
import dev.sluice.run.RunState;
import dev.sluice.run.RunStatus;
import dev.sluice.run.RunTable;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableFacts;
import dev.sluice.table.TableFacts.Leaf;
import dev.sluice.time.Time;
import dev.sluice.verify.OpenWriters;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;

/**
 * Begins the passes of a run: over the leaves the table has at that moment, after the transactions that were writing
 * have ended; and finds the leaves that no pass has walked.
 */
final class PassBeginning {
    private static final Duration WRITERS_ASKED_EVERY = Duration.ofMillis(500);
    private static final int GONE_TRIES = 5;

    private final RunTable table;
    private final RetryLoop retryLoop;
    private final Time time;
    private final Checkpoints checkpoints;
    private final Relations relations;
    private final VerificationRounds rounds;
    private ResolvedJob resolved;

    PassBeginning(RunTable table, RetryLoop retryLoop, Time time, ResolvedJob resolved) {
        this.table = table;
        this.retryLoop = retryLoop;
        this.time = time;
        this.resolved = resolved;
        this.checkpoints = new Checkpoints(resolved.database());
        this.relations = new Relations(resolved.database());
        this.rounds = new VerificationRounds(resolved.database());
    }

    /** The tables as they were looked at last. */
    ResolvedJob prepared() {
        return resolved;
    }

    /** Looks at the tables again. */
    ResolvedJob refresh() throws Stop, RunFailed, InterruptedException {
        resolved = retryLoop.insist("preparation", () -> resolved.refreshed());
        return resolved;
    }

    /** Batches that may be in flight at a time, and so the partitions a pass begins with. */
    int lanes() {
        return resolved.job().migrate().partitions();
    }

    /** The run's row, read anew. */
    RunRecord row(UUID run) throws Stop, RunFailed, InterruptedException {
        return retryLoop.insist("state", () -> table.get(run));
    }

    /** Whether the run has been incomplete before. */
    boolean wasIncomplete(UUID run) throws Stop, RunFailed, InterruptedException {
        return retryLoop.insist("state", () -> table.wasIncomplete(run));
    }

    /** Begins a pass that changes rows; a repeated call changes nothing. To be insisted on. */
    void change(UUID run, int pass, Pass.Kind kind) {
        checkpoints.begin(run, pass, kind, null, ranges(resolved.facts(), lanes()), lanes());
    }

    /** Of the leaves that are still there; with hundreds of them, one may be dropped while they are cut. */
    private List<KeyRange> ranges(TableFacts facts, int lanes) {
        TableFacts left = facts;
        for (int tries = 1; ; tries++) {
            try {
                return Ranges.of(resolved.rows(), left, lanes);
            } catch (DataAccessException e) {
                if (!facts.partitioned() || tries == GONE_TRIES || !SqlFailure.isNoSuchRelation(e)) {
                    throw e;
                }
                Set<Long> still = new HashSet<>(left.leafOids());
                still.retainAll(relations.leaves(facts.oid()));
                left = left.only(still);
            }
        }
    }

    /**
     * Begins the pass after the row's that goes on with a look: over the leaves that it has not been at, as the tables
     * are now. First every transaction ends that may have written there.
     *
     * @param look its first pass; null to begin one
     * @return whether there is such a pass; not so where the look has been everywhere
     */
    boolean round(RunRecord row, Pass.Kind kind, String condition, @Nullable Integer round)
            throws Stop, RunFailed, InterruptedException {
        TableFacts facts = table(refresh(), kind);
        TableFacts unseen = round == null ? facts : facts.only(unseen(row, round, kind, facts));
        if (round != null && unseen.leaves().isEmpty()) {
            return false;
        }
        if (kind == Pass.Kind.VERIFY) {
            awaitOpenWriters(row); // of the filled table too
        }
        int next = row.getPass() + 1;
        // a look at a run that is over is gentle, and needs no company
        int lanes = RunState.of(row.getState()).isLive() ? lanes() : 1;
        retryLoop.insist("checkpoint", () -> {
            checkpoints.begin(
                    row.getId(), next, kind, condition, round == null ? next : round, ranges(unseen, lanes), lanes);
            int rows = table.sql()
                    .update(RUN)
                    .set(RUN.PASS, next)
                    .setNull(RUN.RESUME_STATE)
                    .where(RUN.ID.eq(row.getId()), RUN.PASS.eq(row.getPass()), RUN.STATE.eq(row.getState()))
                    .execute();
            if (rows != 1 && table.get(row.getId()).getPass() != next) {
                throw new Stop(Stop.Reason.NOT_WANTED);
            }
            return true;
        });
        return true;
    }

    private Set<Long> unseen(RunRecord row, int round, Pass.Kind kind, TableFacts facts)
            throws Stop, RunFailed, InterruptedException {
        Set<Long> seen = retryLoop.insist("checkpoint", () -> relations.verified(row.getId(), round, kind));
        if (!facts.partitioned() && !seen.isEmpty()) {
            return Set.of();
        }
        Set<Long> unseen = new HashSet<>(facts.leafOids());
        unseen.removeAll(seen);
        return unseen;
    }

    /** What a look has seen in the leaves its table has now. */
    Counts seen(RunRecord row, int round, Pass.Kind kind) throws Stop, RunFailed, InterruptedException {
        TableFacts facts = table(resolved, kind);
        Set<Long> leaves = facts.partitioned()
                ? facts.leafOids()
                : retryLoop.insist("checkpoint", () -> relations.verified(row.getId(), round, kind));
        return retryLoop.insist("checkpoint", () -> rounds.seen(row.getId(), round, kind, leaves));
    }

    private static TableFacts table(ResolvedJob now, Pass.Kind kind) {
        return kind == Pass.Kind.ORPHANS ? now.into().orElseThrow() : now.facts();
    }

    /**
     * Begins a pass over the leaves that no pass has walked, and over the rest of those that had gone and are back.
     *
     * @return their names; empty when there are none, and then no pass is begun
     * @throws RunFailed {@code partition-replaced} where it cannot be known whether rows were changed
     */
    List<String> attached(RunRecord row) throws Stop, RunFailed, InterruptedException {
        TableFacts facts = refresh().facts();
        if (!facts.partitioned()) {
            return List.of();
        }
        List<Changed> changed = retryLoop.insist("checkpoint", () -> relations.changed(row.getId(), row.getPass()));
        Set<Long> walked = changed.stream().map(Changed::oid).collect(Collectors.toSet());
        Set<Long> back =
                changed.stream().filter(Changed::unfinished).map(Changed::oid).collect(Collectors.toSet());
        back.retainAll(facts.leafOids());
        Set<Long> fresh = new HashSet<>(facts.leafOids());
        fresh.removeAll(walked);
        requireNew(facts.only(fresh), changed);
        Set<Long> all = new HashSet<>(fresh);
        all.addAll(back);
        if (!all.isEmpty()) {
            int next = row.getPass() + 1;
            retryLoop.insist("checkpoint", () -> {
                checkpoints.begin(
                        row.getId(), next, Pass.Kind.MIGRATE, null, ranges(facts.only(fresh), lanes()), lanes());
                relations.bringBack(row.getId(), next, back);
                return true;
            });
        }
        return facts.only(all).leaves().stream().map(l -> l.name().toString()).toList();
    }

    /** A new table under the name of one that was walked may be a copy of it, with rows that were changed. */
    private void requireNew(TableFacts fresh, List<Changed> changed) throws RunFailed {
        if (Repeatable.sweepable(resolved.job())) {
            return;
        }
        Set<String> names = changed.stream().map(Changed::name).collect(Collectors.toSet());
        Optional<Leaf> replaced = fresh.leaves().stream()
                .filter(leaf -> names.contains(leaf.name().sql()))
                .findFirst();
        if (replaced.isPresent()) {
            throw new RunFailed(new RunStatus.Failure(
                    "partition-replaced",
                    "Partition " + replaced.get().name() + " of " + fresh.name()
                            + " is another table than the one of that name that the run walked, and the job is not"
                            + " repeatable: it cannot be known whether its rows have been changed. If they have not,"
                            + " rename it, then start the job again; if they have, detach it meanwhile.",
                    null,
                    null,
                    null,
                    null));
        }
    }

    /** Lets every transaction end that is writing now to the migrated table or the one it fills. */
    void awaitOpenWriters(RunRecord row) throws Stop, RunFailed, InterruptedException {
        List<TableName> tables = Stream.of(resolved.facts().name(), resolved.changed())
                .distinct()
                .toList();
        OpenWriters writers = new OpenWriters(resolved.database(), tables);
        var before = retryLoop.insist("open-writers", writers::now).stream()
                .map(OpenWriters.Writer::transaction)
                .collect(Collectors.toSet());
        while (!before.isEmpty()) {
            List<OpenWriters.Writer> still = retryLoop.insist("open-writers", () -> writers.still(before));
            if (still.isEmpty()) {
                break;
            }
            retryLoop
                    .waits()
                    .hold(
                            new RunStatus.Limit(
                                    "open-writers",
                                    "waiting for " + still.size() + " open transaction(s) that have written to "
                                            + tables.stream()
                                                    .map(TableName::toString)
                                                    .collect(Collectors.joining(" or "))
                                            + ": "
                                            + still.stream()
                                                    .limit(3)
                                                    .map(OpenWriters.Writer::description)
                                                    .collect(Collectors.joining("; ")),
                                    (double) still.size(),
                                    0.0,
                                    time.now()),
                            WRITERS_ASKED_EVERY);
            if (!row(row.getId()).getState().equals(row.getState())) {
                throw new Stop(Stop.Reason.NOT_WANTED);
            }
        }
        retryLoop.waits().released();
    }
}
