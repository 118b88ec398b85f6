package dev.sluice.run;

import dev.sluice.checkpoint.Checkpoints;
import dev.sluice.checkpoint.Counts;
import dev.sluice.checkpoint.DesiredState;
import dev.sluice.checkpoint.Pass;
import dev.sluice.checkpoint.StopNote;
import dev.sluice.checkpoint.Tuning;
import dev.sluice.checkpoint.VerificationRounds;
import dev.sluice.database.Database;
import dev.sluice.database.Databases;
import dev.sluice.database.ErrorKind;
import dev.sluice.database.SqlFailure;
import dev.sluice.database.schema.tables.records.LaneRecord;
import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.job.Job;
import dev.sluice.job.JobReader;
import dev.sluice.problem.Problem;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.Function;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;

/** Makes what people see of a run, from its row in the control database and its checkpoints in the target. */
public final class StatusView {
    private final Databases databases;
    private final RunTable table;
    private final LaneTable lanes;
    private final StopTable stops;
    private final LiveLimits live;

    /** @param live what the lanes that this worker carries know of themselves */
    StatusView(Databases databases, LiveLimits live) {
        this.databases = databases;
        this.live = live;
        this.table = new RunTable(databases.control());
        this.lanes = new LaneTable(databases.control());
        this.stops = new StopTable(databases.control());
    }

    /**
     * Several for one answer: a target that does not answer is asked once, however many runs it has. A run whose
     * definition a newer version wrote, and this one cannot read, is left to the workers of that version.
     */
    List<RunStatus> of(List<RunRecord> rows) {
        Map<String, RuntimeException> away = new HashMap<>();
        Optional<StopNote> stopped = stops.read();
        return rows.stream()
                .filter(row -> JobReader.canRead(row.getDefinition()))
                .map(row -> of(row, stopped, away))
                .toList();
    }

    /** A target that does not answer shows as what limits the run; the rest is told all the same. */
    RunStatus of(RunRecord row) {
        return of(row, stops.read(), new HashMap<>());
    }

    private RunStatus of(RunRecord row, Optional<StopNote> stopped, Map<String, RuntimeException> away) {
        Job job = JobReader.fromDefinition(row.getDefinition());
        List<LaneRecord> carried =
                lanes.of(row.getId()).stream().filter(l -> l.getOwner() != null).toList();
        OffsetDateTime now = carried.isEmpty() ? row.getCreatedAt() : lanes.now();
        Seen seen;
        RuntimeException before = away.get(row.getDatabase());
        if (before != null) {
            seen = unseen(job, row, carried, before);
        } else {
            try {
                Database target = databases.get(row.getDatabase());
                target.requireReleased();
                seen = round(target, row, job, carried, now, stopped);
            } catch (DataAccessException | Problem e) {
                if (SqlFailure.in(e).filter(f -> f.kind() == ErrorKind.AWAY).isPresent()) {
                    away.put(row.getDatabase(), e);
                }
                seen = unseen(job, row, carried, e);
            }
        }
        return new RunStatus(
                row.getId(),
                row.getJob(),
                row.getDatabase(),
                job.migrate().table().toString(),
                row.getFingerprint(),
                row.getState(),
                seen.progress,
                seen.limit,
                JsonColumn.read(row.getFailure(), RunStatus.Failure.class),
                settings(seen.tuning),
                time(row, carried),
                row.getRequestedBy(),
                row.getTrigger(),
                carried.stream().map(l -> lane(l, now)).toList(),
                row.getSweeps(),
                RunTable.requestedAt(row).toInstant(),
                instant(row.getStartedAt()),
                instant(row.getFinishedAt()));
    }

    private record Seen(RunStatus.Progress progress, RunStatus.@Nullable Limit limit, Tuning tuning) {}

    private Seen round(
            Database target,
            RunRecord row,
            Job job,
            List<LaneRecord> carried,
            OffsetDateTime clock,
            Optional<StopNote> stopped) {
        UUID id = row.getId();
        Checkpoints checkpoints = new Checkpoints(target);
        Optional<Pass> pass = checkpoints.pass(id, row.getPass());
        Counts now = checkpoints.counts(id, row.getPass());
        Counts changes = checkpoints.changes(id);
        Tuning tuning = new DesiredState(target)
                .read(id)
                .map(DesiredState.Mandate::tuning)
                .orElseGet(() -> firstTuning(job));
        return new Seen(
                progress(
                        row,
                        carried,
                        pass,
                        now,
                        changes,
                        pass.filter(p -> !p.kind().changes())
                                .map(new VerificationRounds(target)::violations)
                                .orElse(0L),
                        expected(row, pass, checkpoints)),
                LimitRank.stronger(
                        limit(row, carried, clock, stopped), UnwritableTargets.of(target, row, carried, clock)),
                tuning);
    }

    /**
     * Keys a pass is expected to walk: what was walked first once that is over, an estimate until then; of partitions
     * that came meanwhile nothing is known.
     */
    private static @Nullable Long expected(RunRecord row, Optional<Pass> pass, Checkpoints checkpoints) {
        if (row.getPass() == 0) {
            return row.getEstimatedRows();
        }
        boolean came = pass.filter(
                        p -> p.kind() == Pass.Kind.MIGRATE || p.kind() == Pass.Kind.VERIFY && p.round() != p.number())
                .isPresent();
        return came ? null : Long.valueOf(checkpoints.firstWalks(row.getId()).scanned());
    }

    private static RunStatus.Progress progress(
            RunRecord row,
            List<LaneRecord> carried,
            Optional<Pass> pass,
            Counts now,
            Counts changes,
            long violations,
            @Nullable Long expected) {
        boolean over = pass.map(p -> p.finishedAt() != null).orElse(false);
        RunState state = RunState.of(row.getState());
        boolean live = state.isLive() && state != RunState.PAUSED && state != RunState.QUEUED;
        Long remaining =
                over ? Long.valueOf(0) : expected == null ? null : Long.valueOf(Math.max(0, expected - now.scanned()));
        Double ratio = over ? Double.valueOf(1) : ratio(now.scanned(), expected);
        Double rate = live ? rate(carried) : null;
        Double eta = rate == null || rate <= 0 || remaining == null || over ? null : Double.valueOf(remaining / rate);
        String kind = pass.map(p -> p.kind().code()).orElse(Pass.Kind.MIGRATE.code());
        return new RunStatus.Progress(
                kind,
                now.scanned(),
                changes.changed(),
                changes.matching(),
                changes.left().unchanged(),
                changes.left().collapsed(),
                changes.left().sharedKeys(),
                violations,
                row.getEstimatedRows(),
                remaining,
                ratio,
                rate,
                eta,
                live ? most(carried, LaneRecord::getNextBatchSize) : null,
                live ? most(carried, LaneRecord::getStripes) : null,
                changes.changed() == 0 ? null : Double.valueOf((double) changes.hot() / changes.changed()),
                now.batches(),
                now.partitions(),
                now.partitionsDone(),
                changes.at() == null ? now.at() : later(changes.at(), now.at()),
                younger(changes.ageSeconds(), now.ageSeconds()));
    }

    /** Below 1 until the pass is over: an estimate that was too low must not look like the end. */
    private static @Nullable Double ratio(long scanned, @Nullable Long expected) {
        return expected == null || expected <= 0 ? null : Double.valueOf(Math.min(0.99, (double) scanned / expected));
    }

    /** Together; null before any lane has a rate. */
    private static @Nullable Double rate(List<LaneRecord> carried) {
        List<Double> rates = known(carried, LaneRecord::getRowsPerSecond);
        return rates.isEmpty()
                ? null
                : Double.valueOf(rates.stream().mapToDouble(r -> r).sum());
    }

    /** The largest, where lanes differ. */
    private static @Nullable Integer most(List<LaneRecord> carried, Function<LaneRecord, @Nullable Integer> value) {
        return known(carried, value).stream().max(Integer::compare).orElse(null);
    }

    private static <T> List<T> known(List<LaneRecord> carried, Function<LaneRecord, @Nullable T> value) {
        return carried.stream()
                .flatMap(l -> Optional.ofNullable(value.apply(l)).stream())
                .toList();
    }

    private RunStatus.Lane lane(LaneRecord lane, OffsetDateTime now) {
        return new RunStatus.Lane(lane.getLane(), lane.getOwner(), lane.getRowsPerSecond(), hold(lane, now));
    }

    /**
     * A lane of this worker knows it by itself, also while no sign of life can be written, as where the database is
     * read-only. Of others it was written with one, and who has written it may be dead since: the measurement ages all
     * the same.
     */
    private RunStatus.@Nullable Limit hold(LaneRecord lane, OffsetDateTime now) {
        Optional<LiveLimits.Known> known = live.of(new LaneId(lane.getRunId(), lane.getLane()), lane.getOwner());
        if (known.isPresent()) {
            return known.get().limit();
        }
        RunStatus.Limit hold = JsonColumn.read(lane.getHold(), RunStatus.Limit.class);
        OffsetDateTime written = lane.getHeartbeatAt();
        return hold == null || written == null ? hold : hold.after(Duration.between(written, now));
    }

    private static Seen unseen(Job job, RunRecord row, List<LaneRecord> carried, RuntimeException e) {
        boolean away = SqlFailure.in(e).isPresent();
        String why = SqlFailure.in(e).map(SqlFailure::toString).orElseGet(() -> String.valueOf(e.getMessage()));
        return new Seen(
                RunStatus.Progress.unknown(row.getEstimatedRows()),
                new RunStatus.Limit(
                        e instanceof Problem p ? p.code() : "database-away",
                        away ? "database \"" + row.getDatabase() + "\" does not answer: " + why : why,
                        null,
                        null,
                        lastSign(row, carried)),
                firstTuning(job));
    }

    private RunStatus.@Nullable Limit limit(
            RunRecord row, List<LaneRecord> carried, OffsetDateTime now, Optional<StopNote> stopped) {
        RunState state = RunState.of(row.getState());
        if (stopped.isPresent() && state.isLive() && state != RunState.PAUSED) {
            StopNote note = stopped.get();
            return new RunStatus.Limit(StopNote.REASON, note.message(), null, null, note.since());
        }
        return switch (state) {
            case QUEUED ->
                new RunStatus.Limit("queued", "waiting for a worker to take it", null, null, waitingSince(row));
            case PAUSED ->
                new RunStatus.Limit(
                        "paused",
                        "paused by a person; `sluice resume " + row.getId() + "` goes on",
                        null,
                        null,
                        waitingSince(row));
            // one lane at full speed is not the run at full speed; a succeeded run is looked at again
            case RUNNING, VERIFYING, SWEEPING, SUCCEEDED -> LimitRank.strongest(known(carried, l -> hold(l, now)));
            case INCOMPLETE, FAILED, CANCELLED -> null;
        };
    }

    private Instant waitingSince(RunRecord row) {
        return table.waitingSince(row).orElse(row.getCreatedAt()).toInstant();
    }

    public static Tuning firstTuning(Job job) {
        OptionalLong wal = job.migrate().throttle().walPerHour();
        return new Tuning(
                Math.toIntExact(job.migrate().batch().target().toMillis()),
                job.migrate().batch().size(),
                job.migrate().throttle().rowsPerSecond().orElse(null),
                wal.isPresent() ? (Long) wal.getAsLong() : null,
                null);
    }

    private static RunStatus.Settings settings(Tuning tuning) {
        return new RunStatus.Settings(
                Duration.ofMillis(tuning.targetMillis()),
                tuning.batchSize(),
                tuning.rowsPerSecond(),
                tuning.walPerHour(),
                tuning.cores());
    }

    private static Instant lastSign(RunRecord row, List<LaneRecord> carried) {
        return known(carried, LaneRecord::getHeartbeatAt).stream()
                .max(OffsetDateTime::compareTo)
                .orElse(row.getCreatedAt())
                .toInstant();
    }

    private static Instant later(Instant a, @Nullable Instant b) {
        return b == null || a.isAfter(b) ? a : b;
    }

    private static @Nullable Double younger(@Nullable Double a, @Nullable Double b) {
        return a == null ? b : b == null ? a : Double.valueOf(Math.max(0, Math.min(a, b)));
    }

    private RunStatus.TimeSpent time(RunRecord row, List<LaneRecord> carried) {
        RunState state = RunState.of(row.getState());
        boolean works = state.isLive() && state != RunState.PAUSED && state != RunState.QUEUED;
        OptionalDouble pace = known(works ? carried : List.of(), LaneRecord::getPace).stream()
                .mapToDouble(p -> p)
                .average();
        return lanes.spent(row.getId(), pace.isPresent() ? (Double) pace.getAsDouble() : null);
    }

    private static @Nullable Instant instant(@Nullable OffsetDateTime time) {
        return time == null ? null : time.toInstant();
    }
}
