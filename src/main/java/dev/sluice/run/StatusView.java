package dev.sluice.run;

import dev.sluice.checkpoint.RunStanding;
import dev.sluice.checkpoint.RunStandings;
import dev.sluice.checkpoint.StopNote;
import dev.sluice.checkpoint.Tuning;
import dev.sluice.database.Database;
import dev.sluice.database.Databases;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;

/**
 * Makes what people see of runs, from their rows in the control database and their checkpoints in the targets. Each
 * table is asked once for all of them, and each target by itself: how many runs there are changes what the statements
 * name, and not how many statements there are.
 */
public final class StatusView {
    private final Databases databases;
    private final LiveLimits live;

    /** @param live what the lanes that this worker carries know of themselves */
    StatusView(Databases databases, LiveLimits live) {
        this.databases = databases;
        this.live = live;
    }

    /**
     * Several for one answer, in their order. A run whose definition a newer version wrote, and this one cannot read,
     * is left to the workers of that version.
     */
    List<RunStatus> of(List<RunRecord> rows) {
        return all(rows.stream()
                .filter(row -> JobReader.canRead(row.getDefinition()))
                .toList());
    }

    /** A target that does not answer shows as what limits the run; the rest is told all the same. */
    RunStatus of(RunRecord row) {
        return all(List.of(row)).getFirst();
    }

    private List<RunStatus> all(List<RunRecord> rows) {
        if (rows.isEmpty()) {
            return List.of();
        }
        List<RunFacts> runs = RunFacts.of(databases.control(), rows);
        Map<String, List<RunFacts>> byDatabase = runs.stream()
                .collect(Collectors.groupingBy(r -> r.row().getDatabase(), LinkedHashMap::new, Collectors.toList()));
        Map<String, Eye> eyes = new HashMap<>();
        byDatabase.forEach((database, there) -> eyes.put(database, eye(database, there)));
        return runs.stream()
                .map(run ->
                        status(run, Objects.requireNonNull(eyes.get(run.row().getDatabase()))))
                .toList();
    }

    /** What its target adds to a run. */
    private record Seen(RunStatus.Progress progress, RunStatus.@Nullable Limit limit, Tuning tuning) {}

    /** How the runs on one target are seen. */
    @FunctionalInterface
    private interface Eye {
        Seen round(RunFacts run, Job job);
    }

    /** One that does not answer is asked once, however many runs it has. */
    private Eye eye(String database, List<RunFacts> runs) {
        try {
            Database target = databases.get(database);
            target.requireReleased();
            Map<UUID, RunStanding> standings = new RunStandings(target)
                    .of(runs.stream()
                            .collect(Collectors.toMap(
                                    r -> r.row().getId(), r -> r.row().getPass())));
            UnwritableTargets noWrites = UnwritableTargets.of(target, runs);
            return (run, job) -> seen(
                    run, job, Objects.requireNonNull(standings.get(run.row().getId())), noWrites);
        } catch (DataAccessException | Problem e) {
            return (run, job) -> unseen(run, job, e);
        }
    }

    private RunStatus status(RunFacts run, Eye eye) {
        RunRecord row = run.row();
        Job job = JobReader.fromDefinition(row.getDefinition());
        Seen seen = eye.round(run, job);
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
                run.time(),
                row.getRequestedBy(),
                row.getTrigger(),
                run.carried().stream().map(l -> lane(l, run.clock())).toList(),
                row.getSweeps(),
                RunTable.requestedAt(row).toInstant(),
                instant(row.getStartedAt()),
                instant(row.getFinishedAt()));
    }

    private Seen seen(RunFacts run, Job job, RunStanding standing, UnwritableTargets noWrites) {
        return new Seen(
                RunProgress.of(run, standing),
                LimitRank.stronger(limit(run), noWrites.limit(run)),
                standing.tuning().orElseGet(() -> firstTuning(job)));
    }

    private static Seen unseen(RunFacts run, Job job, RuntimeException e) {
        boolean away = SqlFailure.in(e).isPresent();
        String why = SqlFailure.in(e).map(SqlFailure::toString).orElseGet(() -> String.valueOf(e.getMessage()));
        return new Seen(
                RunStatus.Progress.unknown(run.row().getEstimatedRows()),
                new RunStatus.Limit(
                        e instanceof Problem p ? p.code() : "database-away",
                        away ? "database \"" + run.row().getDatabase() + "\" does not answer: " + why : why,
                        null,
                        null,
                        run.lastSign().toInstant()),
                firstTuning(job));
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

    private RunStatus.@Nullable Limit limit(RunFacts run) {
        RunState state = run.state();
        if (run.stopped().isPresent() && state.isLive() && state != RunState.PAUSED) {
            StopNote note = run.stopped().get();
            return new RunStatus.Limit(StopNote.REASON, note.message(), null, null, note.since());
        }
        return switch (state) {
            case QUEUED ->
                new RunStatus.Limit("queued", "waiting for a worker to take it", null, null, run.waitingSince());
            case PAUSED ->
                new RunStatus.Limit(
                        "paused",
                        "paused by a person; `sluice resume " + run.row().getId() + "` goes on",
                        null,
                        null,
                        run.waitingSince());
            // one lane at full speed is not the run at full speed; a succeeded run is looked at again
            case RUNNING, VERIFYING, SWEEPING, SUCCEEDED -> LimitRank.strongest(run.known(l -> hold(l, run.clock())));
            case INCOMPLETE, FAILED, CANCELLED -> null;
        };
    }

    /** The settings that a run of this job begins with. */
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

    private static @Nullable Instant instant(@Nullable OffsetDateTime time) {
        return time == null ? null : time.toInstant();
    }
}
