package dev.sluice.checkpoint;

import static dev.sluice.database.schema.Tables.CHECKPOINT;
import static dev.sluice.database.schema.Tables.PASS;
import static dev.sluice.database.schema.Tables.RUN_WANTED;
import static org.jooq.impl.DSL.inline;

import dev.sluice.database.Database;
import dev.sluice.database.schema.tables.records.CheckpointRecord;
import dev.sluice.database.schema.tables.records.PassRecord;
import dev.sluice.database.schema.tables.records.RunWantedRecord;
import dev.sluice.partition.KeyRange;
import java.sql.Connection;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;
import org.jspecify.annotations.Nullable;

/** Passes and checkpoints of the runs on one database. Database errors come as jOOQ's DataAccessException. */
public final class Checkpoints {
    static final Field<OffsetDateTime> CLOCK = DSL.field("clock_timestamp()", SQLDataType.TIMESTAMPWITHTIMEZONE);

    private static final Sums SUMS = new Sums(CHECKPOINT.PASS.in(DSL.select(PASS.PASS_)
            .from(PASS)
            .where(PASS.RUN_ID.eq(CHECKPOINT.RUN_ID), PASS.KIND.eq(inline("migrate")))));

    private final DSLContext sql;

    public Checkpoints(Database database) {
        this(database.sql());
    }

    private Checkpoints(DSLContext sql) {
        this.sql = sql;
    }

    /**
     * Begins a pass, unless it was begun before (by a worker that died after it); then nothing changes.
     *
     * <p>What is wanted and the settings are copied from the run's mandate under its lock, so that a pause or a cancel
     * that was acknowledged holds for the new checkpoints too.
     *
     * @param ranges one partition each, in this order
     * @param lanes that walk them in turn, at least 1
     */
    public void begin(
            UUID run, int pass, Pass.Kind kind, @Nullable String condition, List<KeyRange> ranges, int lanes) {
        begin(run, pass, kind, condition, pass, ranges, lanes);
    }

    /**
     * The same, for a pass that goes on with a look at the rows.
     *
     * @param look the first pass of that look
     */
    public void begin(
            UUID run,
            int pass,
            Pass.Kind kind,
            @Nullable String condition,
            int round,
            List<KeyRange> ranges,
            int lanes) {
        sql.transaction(tx -> {
            DSLContext c = tx.dsl();
            RunWantedRecord mandate = c.selectFrom(RUN_WANTED)
                    .where(RUN_WANTED.RUN_ID.eq(run))
                    .forUpdate()
                    .fetchSingle();
            int fresh = c.insertInto(PASS)
                    .columns(PASS.RUN_ID, PASS.PASS_, PASS.KIND, PASS.CONDITION, PASS.ROUND, PASS.STARTED_AT)
                    .values(
                            DSL.val(run),
                            DSL.val(pass),
                            DSL.val(kind.code()),
                            DSL.val(condition),
                            kind.changes() ? DSL.castNull(PASS.ROUND) : DSL.val(round),
                            CLOCK)
                    .onConflictDoNothing()
                    .execute();
            if (fresh == 0) {
                return;
            }
            boolean halted = DatabaseStop.marks(c);
            for (int i = 0; i < ranges.size(); i++) {
                insert(c, new PartitionId(run, pass, i), i % lanes, ranges.get(i), mandate, halted);
            }
        });
    }

    private static void insert(
            DSLContext c, PartitionId id, int lane, KeyRange range, RunWantedRecord mandate, boolean halted) {
        Position start = Position.after(range.lower());
        insert(
                c,
                new Claim(
                        id,
                        range.relation(),
                        range.key(),
                        UUID.randomUUID(),
                        start,
                        range.upper(),
                        DesiredState.tuning(mandate)),
                lane,
                mandate.getWanted(),
                halted);
    }

    /**
     * Puts the checkpoint of a claim that no run made into the transaction of this connection, for a trial batch; the
     * caller rolls it back.
     */
    public static void insertTrial(Connection connection, Claim claim) {
        insert(DSL.using(connection, SQLDialect.POSTGRES), claim, 0, Wanted.RUNNING.code(), false);
    }

    private static void insert(DSLContext c, Claim claim, int lane, String wanted, boolean halted) {
        // one that went a moment ago has none: its rows are then found not to be walked
        insert(
                c,
                claim,
                DSL.field("coalesce(to_regclass({0})::oid::bigint, 0)", Long.class, DSL.val(claim.relation())),
                lane,
                null,
                wanted,
                halted);
    }

    static void insert(
            DSLContext c,
            Claim claim,
            Field<Long> relation,
            int lane,
            @Nullable String owner,
            String wanted,
            boolean halted) {
        c.insertInto(CHECKPOINT)
                .set(CHECKPOINT.RUN_ID, claim.id().run())
                .set(CHECKPOINT.PASS, claim.id().pass())
                .set(CHECKPOINT.PARTITION, claim.id().partition())
                .set(CHECKPOINT.LANE, lane)
                .set(CHECKPOINT.OWNER, owner)
                // who comes with a partition has begun it, and no other lane may take it for unbegun
                .set(CHECKPOINT.CLAIMED_AT, owner == null ? DSL.castNull(CHECKPOINT.CLAIMED_AT) : CLOCK)
                .set(CHECKPOINT.RELATION, claim.relation())
                .set(CHECKPOINT.RELATION_OID, relation)
                .set(CHECKPOINT.KEY_COLUMNS, claim.key().toArray(String[]::new))
                .set(CHECKPOINT.TOKEN, claim.token())
                .set(CHECKPOINT.WANTED, wanted)
                .set(CHECKPOINT.TARGET_MILLIS, claim.tuning().targetMillis())
                .set(CHECKPOINT.BATCH_SIZE, claim.tuning().batchSize())
                .set(CHECKPOINT.ROWS_PER_SECOND, claim.tuning().rowsPerSecond())
                .set(CHECKPOINT.WAL_PER_HOUR, claim.tuning().walPerHour())
                .set(CHECKPOINT.CORES, claim.tuning().cores())
                .set(CHECKPOINT.LOWER_KEY, array(claim.position().cursor()))
                .set(CHECKPOINT.UPPER_KEY, array(claim.upper()))
                .set(CHECKPOINT.CURSOR_KEY, array(claim.position().cursor()))
                .set(CHECKPOINT.RANGE_END, array(claim.position().rangeEnd()))
                .set(CHECKPOINT.STRIPES, claim.position().stripes())
                .set(CHECKPOINT.STRIPE, claim.position().stripe())
                .set(CHECKPOINT.SCANNED, 0L)
                .set(CHECKPOINT.CHANGED, 0L)
                .set(CHECKPOINT.HOT, 0L)
                .set(CHECKPOINT.MATCHING, 0L)
                .set(CHECKPOINT.VIOLATIONS, 0L)
                .set(CHECKPOINT.BATCHES, 0L)
                .set(CHECKPOINT.DONE, claim.upper() == null)
                .set(CHECKPOINT.GONE, false)
                .set(CHECKPOINT.DATABASE_STOPPED, halted)
                .set(CHECKPOINT.UPDATED_AT, CLOCK)
                .execute();
    }

    /**
     * The key that a run walks: each column with its type, such as {@code id bigint}; empty where it has not begun. The
     * passes that change rows walk one key, and the first is one of them.
     */
    public List<String> key(UUID run) {
        return sql.select(CHECKPOINT.KEY_COLUMNS)
                .from(CHECKPOINT)
                .where(CHECKPOINT.RUN_ID.eq(run), CHECKPOINT.PASS.eq(0))
                .limit(1)
                .fetchOptional(CHECKPOINT.KEY_COLUMNS)
                .map(List::of)
                .orElse(List.of());
    }

    /** The pass with this number. */
    public Optional<Pass> pass(UUID run, int number) {
        return sql.selectFrom(PASS)
                .where(PASS.RUN_ID.eq(run), PASS.PASS_.eq(number))
                .fetchOptional(Checkpoints::pass);
    }

    static Pass pass(PassRecord r) {
        return new Pass(
                r.getRunId(),
                r.getPass(),
                Pass.Kind.of(r.getKind()),
                r.getCondition(),
                r.getRound() == null ? r.getPass() : r.getRound(),
                r.getStartedAt().toInstant(),
                r.getFinishedAt() == null ? null : r.getFinishedAt().toInstant());
    }

    /**
     * Notes that every partition of a pass is done, if they are; the first note counts. Batches do not wait for the
     * disk and this does: once it has answered, what it has seen done stays so.
     *
     * @return whether the pass is finished; not so where a crash of the server has taken the last batches back
     */
    public boolean finish(UUID run, int pass) {
        var left = DSL.selectOne()
                .from(CHECKPOINT)
                .where(CHECKPOINT.RUN_ID.eq(run), CHECKPOINT.PASS.eq(pass), CHECKPOINT.DONE.isFalse());
        int noted = sql.update(PASS)
                .set(PASS.FINISHED_AT, CLOCK)
                .where(PASS.RUN_ID.eq(run), PASS.PASS_.eq(pass), PASS.FINISHED_AT.isNull())
                .andNotExists(left)
                .execute();
        return noted > 0 || pass(run, pass).filter(p -> p.finishedAt() != null).isPresent();
    }

    /** Sums of one pass. */
    public Counts counts(UUID run, int pass) {
        return counts(CHECKPOINT.RUN_ID.eq(run).and(CHECKPOINT.PASS.eq(pass)));
    }

    /** Sums over every pass of a run that changes rows. */
    public Counts changes(UUID run) {
        return counts(CHECKPOINT
                .RUN_ID
                .eq(run)
                .and(CHECKPOINT.PASS.in(DSL.select(PASS.PASS_)
                        .from(PASS)
                        .where(PASS.RUN_ID.eq(run), PASS.KIND.in(inline("migrate"), inline("sweep"))))));
    }

    /** Sums over the first walks: of the table as it was, and of the partitions that came meanwhile. */
    public Counts firstWalks(UUID run) {
        return counts(CHECKPOINT
                .RUN_ID
                .eq(run)
                .and(CHECKPOINT.PASS.in(DSL.select(PASS.PASS_)
                        .from(PASS)
                        .where(PASS.RUN_ID.eq(run), PASS.KIND.eq(inline("migrate"))))));
    }

    private Counts counts(org.jooq.Condition which) {
        return counts(sql, which);
    }

    static Counts counts(DSLContext sql, org.jooq.Condition which) {
        return sql.select(SUMS.columns()).from(CHECKPOINT).where(which).fetchSingle(SUMS::counts);
    }

    static org.jooq.Condition is(PartitionId id) {
        return CHECKPOINT
                .RUN_ID
                .eq(id.run())
                .and(CHECKPOINT.PASS.eq(id.pass()))
                .and(CHECKPOINT.PARTITION.eq(id.partition()));
    }

    static Claim claim(PartitionId id, CheckpointRecord r) {
        return new Claim(
                id,
                r.getRelation(),
                List.of(r.getKeyColumns()),
                r.getToken(),
                position(r),
                list(r.getUpperKey()),
                new Tuning(
                        r.getTargetMillis(), r.getBatchSize(), r.getRowsPerSecond(), r.getWalPerHour(), r.getCores()));
    }

    static Position position(CheckpointRecord r) {
        return new Position(list(r.getCursorKey()), list(r.getRangeEnd()), r.getStripes(), r.getStripe());
    }

    private static @Nullable List<String> list(String @Nullable [] array) {
        return array == null ? null : Arrays.asList(array);
    }

    static String @Nullable [] array(@Nullable List<String> list) {
        return list == null ? null : list.toArray(String[]::new);
    }
}
