package dev.sluice.run;

import dev.sluice.checkpoint.StopNote;
import dev.sluice.database.Database;
import dev.sluice.database.schema.tables.records.LaneRecord;
import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.database.schema.tables.records.RunTimeRecord;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the control database says of a run.
 *
 * @param row the run
 * @param carried its lanes that somebody carries, in order
 * @param clock of their signs of life, read after them
 * @param stopped the note, where all runs are stopped
 * @param spent where its time went; null where its lanes have not told
 * @param waitingSince of a run that waits, when it began to
 */
record RunFacts(
        RunRecord row,
        List<LaneRecord> carried,
        OffsetDateTime clock,
        Optional<StopNote> stopped,
        @Nullable RunTimeRecord spent,
        Instant waitingSince) {

    /**
     * Those of these runs, in their order: each table is asked once, however many runs they are. Database errors come
     * as jOOQ's DataAccessException.
     */
    static List<RunFacts> of(Database control, List<RunRecord> rows) {
        LaneTable table = new LaneTable(control);
        List<UUID> ids = rows.stream().map(RunRecord::getId).toList();
        Optional<StopNote> stopped = new StopTable(control).read();
        Map<UUID, List<LaneRecord>> lanes = table.of(ids);
        OffsetDateTime clock = table.now();
        Map<UUID, RunTimeRecord> spent = table.spent(ids);
        List<UUID> waiting = rows.stream()
                .filter(row -> waits(RunState.of(row.getState())))
                .map(RunRecord::getId)
                .toList();
        Map<UUID, OffsetDateTime> since = waiting.isEmpty() ? Map.of() : new RunTable(control).waitingSince(waiting);
        return rows.stream()
                .map(row -> new RunFacts(
                        row,
                        lanes.getOrDefault(row.getId(), List.of()).stream()
                                .filter(lane -> lane.getOwner() != null)
                                .toList(),
                        clock,
                        stopped,
                        spent.get(row.getId()),
                        since.getOrDefault(row.getId(), row.getCreatedAt()).toInstant()))
                .toList();
    }

    private static boolean waits(RunState state) {
        return state == RunState.QUEUED || state == RunState.PAUSED;
    }

    RunState state() {
        return RunState.of(row.getState());
    }

    /** Whether it is at work, or would be if somebody carried it. */
    boolean works() {
        return state().isLive() && !waits(state());
    }

    /** What its lanes know, of those that do. */
    <T> List<T> known(Function<LaneRecord, @Nullable T> value) {
        return carried.stream()
                .flatMap(lane -> Optional.ofNullable(value.apply(lane)).stream())
                .toList();
    }

    /** The last sign of life of a lane; when the run was made, where there is none. */
    OffsetDateTime lastSign() {
        return known(LaneRecord::getHeartbeatAt).stream()
                .max(OffsetDateTime::compareTo)
                .orElse(row.getCreatedAt());
    }

    RunStatus.TimeSpent time() {
        OptionalDouble mean = works()
                ? known(LaneRecord::getPace).stream().mapToDouble(p -> p).average()
                : OptionalDouble.empty();
        Double pace = mean.isPresent() ? (Double) mean.getAsDouble() : null;
        return spent == null
                ? new RunStatus.TimeSpent(pace, 0, 0, 0)
                : new RunStatus.TimeSpent(
                        pace, spent.getWorkingSeconds(), spent.getPacedSeconds(), spent.getHeldSeconds());
    }
}
