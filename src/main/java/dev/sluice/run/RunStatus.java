package dev.sluice.run;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A run as people see it: what {@code status} prints and {@code GET /api/v1/runs/{id}} answers.
 *
 * @param id the run
 * @param job its job's name
 * @param database the configured name of the target
 * @param table the migrated table, {@code schema.table}
 * @param fingerprint of the definition it started with
 * @param state {@link RunState#code()}
 * @param progress how far
 * @param limitedBy what holds it back now; null at full speed, or when nothing is done for it
 * @param failure why it failed or is incomplete
 * @param settings in force
 * @param time where its time went
 * @param requestedBy who started it
 * @param trigger {@code http} (the command line and {@code sluice dev} too) or {@code schedule}
 * @param lanes who works on it now; empty when nobody does
 * @param sweeps sweeps done
 * @param createdAt when it was asked for
 * @param startedAt when it first ran
 * @param finishedAt when it ended
 */
public record RunStatus(
        UUID id,
        String job,
        String database,
        String table,
        String fingerprint,
        String state,
        Progress progress,
        @Nullable Limit limitedBy,
        @Nullable Failure failure,
        Settings settings,
        TimeSpent time,
        String requestedBy,
        String trigger,
        List<Lane> lanes,
        int sweeps,
        Instant createdAt,
        @Nullable Instant startedAt,
        @Nullable Instant finishedAt) {

    /**
     * How far the run is. What its target knows is null while that does not answer.
     *
     * @param pass {@code migrate}, {@code sweep}, {@code verify} or {@code orphans}: what it is walking the rows for
     * @param scanned keys walked in this pass
     * @param changed rows changed by the run, all passes
     * @param stillMatching rows that matched {@code where} even after their change, all passes
     * @param unchanged rows that had to change, did not, and were still there, of the first walk
     * @param collapsed source rows of an {@code insert} that gave no row of their own, because one with that key was
     *     there; of the first walk
     * @param sharedKeys those of them that share their key with another source row of the same batch
     * @param violations rows found violating in the present or last verification
     * @param estimatedRows the planner's estimate of the table's rows when the run began; null before that
     * @param remaining estimated keys still to walk in this pass; null while unknown
     * @param ratio 0 to 1, of this pass; null while unknown
     * @param rowsPerSecond keys walked per second, smoothed; null before there is a rate
     * @param etaSeconds of this pass; null before there is a rate
     * @param batchSize rows of the next batch; null while none is known
     * @param stripes the next range is walked in, 1 for none, the most of any lane; null while none is known
     * @param hotRatio share of the changed rows that were changed in place, without touching an index, 0 to 1; null
     *     before any was changed
     * @param batches committed in this pass
     * @param partitions key ranges of this pass, those that were split off too
     * @param partitionsDone those of them that are done
     * @param checkpointAt time of the last checkpoint, the database's clock
     * @param checkpointAgeSeconds since then, by that clock
     */
    public record Progress(
            @Nullable String pass,
            @Nullable Long scanned,
            @Nullable Long changed,
            @Nullable Long stillMatching,
            @Nullable Long unchanged,
            @Nullable Long collapsed,
            @Nullable Long sharedKeys,
            @Nullable Long violations,
            @Nullable Long estimatedRows,
            @Nullable Long remaining,
            @Nullable Double ratio,
            @Nullable Double rowsPerSecond,
            @Nullable Double etaSeconds,
            @Nullable Integer batchSize,
            @Nullable Integer stripes,
            @Nullable Double hotRatio,
            @Nullable Long batches,
            @Nullable Integer partitions,
            @Nullable Integer partitionsDone,
            @Nullable Instant checkpointAt,
            @Nullable Double checkpointAgeSeconds) {

        /** Of a run whose target does not answer: what stands there is not known. */
        static Progress unknown(@Nullable Long estimatedRows) {
            return new Progress(
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    estimatedRows,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null);
        }

        /** Whether the target has answered. */
        public boolean isKnown() {
            return scanned != null;
        }
    }

    /**
     * What limits a run now.
     *
     * @param reason stable code: {@code rows-per-second}, {@code database-away}, {@code open-writers}, {@code paused},
     *     …
     * @param message the fact with value and limit, for people
     * @param value measured, if it is a number
     * @param limit what it is compared with
     * @param since when the wait began
     * @param ageSeconds of the measurement that says so; null where nothing is measured
     */
    public record Limit(
            String reason,
            String message,
            @Nullable Double value,
            @Nullable Double limit,
            Instant since,
            @Nullable Double ageSeconds) {

        /** One that is no measurement. */
        public Limit(String reason, String message, @Nullable Double value, @Nullable Double limit, Instant since) {
            this(reason, message, value, limit, since, null);
        }

        /** The same, which has lasted since then. */
        public Limit since(Instant begun) {
            return new Limit(reason, message, value, limit, begun, ageSeconds);
        }

        /** The same, so much later: what was measured is older by then. */
        Limit after(Duration length) {
            return ageSeconds == null
                    ? this
                    : new Limit(
                            reason, message, value, limit, since, ageSeconds + Math.max(0, length.toMillis() / 1e3));
        }
    }

    /**
     * One of the batches that are in flight at a time, and who makes them.
     *
     * @param lane counted from 0; lane 0 conducts the run
     * @param worker that carries it, its name and a few digits that tell one start of it from the next
     * @param rowsPerSecond keys it walks per second, smoothed; null before there is a rate
     * @param limitedBy what holds it back now; null at full speed
     */
    public record Lane(
            int lane,
            String worker,
            @Nullable Double rowsPerSecond,
            @Nullable Limit limitedBy) {}

    /**
     * Why a run failed or is incomplete.
     *
     * @param code stable, such as {@code data-error}, {@code definition-error}, {@code unverified-rows}
     * @param message the fact, the numbers, the fix
     * @param sqlState if the database said it
     * @param statement the SQL that failed
     * @param position 1-based character in {@code statement} where the database saw the error
     * @param keyRange {@code (after … up to …]}, the keys of the batch concerned; for operators, as all that follows
     * @param serverMessage the server's own words where they may hold values of rows, which {@code message} never does
     * @param serverDetail what the server adds to them
     * @param row the key of the one row that fails: each key column's name, and its value as text; null where none
     *     fails alone
     */
    public record Failure(
            String code,
            String message,
            @Nullable String sqlState,
            @Nullable String statement,
            @Nullable Integer position,
            @Nullable String keyRange,
            @Nullable String serverMessage,
            @Nullable String serverDetail,
            @Nullable Map<String, String> row) {

        /** One whose message says everything. */
        public Failure(
                String code,
                String message,
                @Nullable String sqlState,
                @Nullable String statement,
                @Nullable Integer position,
                @Nullable String keyRange) {
            this(code, message, sqlState, statement, position, keyRange, null, null, null);
        }
    }

    /** The same for somebody who may not see values of rows. */
    public RunStatus withoutRowValues() {
        Failure f = failure;
        return f == null
                ? this
                : new RunStatus(
                        id,
                        job,
                        database,
                        table,
                        fingerprint,
                        state,
                        progress,
                        limitedBy,
                        new Failure(f.code(), f.message(), f.sqlState(), f.statement(), f.position(), null),
                        settings,
                        time,
                        requestedBy,
                        trigger,
                        lanes,
                        sweeps,
                        createdAt,
                        startedAt,
                        finishedAt);
    }

    /**
     * Where the time of a run went, that of all its lanes together. Each moment in which a lane was carried is one of
     * the three; a run that was paused, or waited for a worker, was not carried.
     *
     * @param pace share of time that the lanes may work now, 0 in a hold, 1 at full speed, the mean of them; null while
     *     none is carried
     * @param workingSeconds in batches and between them
     * @param pacedSeconds resting between batches, for the throttle's pace or a rate
     * @param heldSeconds waiting for something to be over
     */
    public record TimeSpent(@Nullable Double pace, double workingSeconds, double pacedSeconds, double heldSeconds) {}

    /**
     * Settings that can be changed while it runs.
     *
     * @param target wanted length of a batch
     * @param batchSize rows the adaptation starts from
     * @param rowsPerSecond keys walked per second at most; null for no limit
     * @param walPerHour bytes of WAL in an hour at most; null for no limit
     * @param cores share of the server's cores that batches may keep busy beside others, as it was tuned: 0 for no such
     *     bound; null for what the job file says, or the worker's configuration
     */
    public record Settings(
            Duration target,
            int batchSize,
            @Nullable Integer rowsPerSecond,
            @Nullable Long walPerHour,
            @Nullable Double cores) {}
}
