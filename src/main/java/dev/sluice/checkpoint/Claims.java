package dev.sluice.checkpoint;

import static dev.sluice.database.schema.Tables.CHECKPOINT;
import static dev.sluice.database.schema.Tables.LANE_OWNER;
import static dev.sluice.database.schema.Tables.RUN_WANTED;

import dev.sluice.database.Database;
import dev.sluice.database.schema.tables.records.CheckpointRecord;
import dev.sluice.database.schema.tables.records.RunWantedRecord;
import dev.sluice.partition.KeySql;
import dev.sluice.table.TableFacts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jooq.Condition;
import org.jooq.DSLContext;
import org.jooq.impl.DSL;
import org.jspecify.annotations.Nullable;

/**
 * The partitions in the hands of one carrier of one lane. Each taking puts a fresh token on a partition, and whoever
 * had it before changes nothing more. Nothing is taken by a carrier after another one has {@link #assume assumed} the
 * lane, however long it was frozen in between. Database errors come as jOOQ's DataAccessException.
 */
public final class Claims {
    private static final org.jooq.Field<UUID> FRESH = DSL.field("gen_random_uuid()", UUID.class);

    private final DSLContext sql;
    private final UUID run;
    private final int lane;
    private final String owner;

    /**
     * @param database where the checkpoints are
     * @param run whose
     * @param lane of the run
     * @param carrier of the lane; no two have the same name
     */
    public Claims(Database database, UUID run, int lane, String owner) {
        this.sql = database.sql();
        this.run = run;
        this.lane = lane;
        this.owner = owner;
    }

    /**
     * A partition as it stands.
     *
     * @param claim with the token that is on it now, whoever's it is
     * @param lane that walks it
     * @param carrier that has it; null for none
     * @param wanted of the run
     * @param done nothing left
     * @param started whether it was claimed, and its lane not taken over since
     */
    public record Standing(
            Claim claim, int lane, @Nullable String owner, Wanted wanted, boolean done, boolean started) {}

    /**
     * Makes this the carrier of the lane, whoever was it before. Once, right after the lane was taken: who is found not
     * to be the carrier later has lost it.
     */
    public void assume() {
        sql.insertInto(LANE_OWNER)
                .set(LANE_OWNER.RUN_ID, run)
                .set(LANE_OWNER.LANE, lane)
                .set(LANE_OWNER.OWNER, owner)
                .onConflict(LANE_OWNER.RUN_ID, LANE_OWNER.LANE)
                .doUpdate()
                .set(LANE_OWNER.OWNER, owner)
                .execute();
    }

    /** Whether nobody has assumed the lane since. */
    public boolean isOwner() {
        return sql.fetchExists(LANE_OWNER, assumed());
    }

    /**
     * This is the carrier, and stays so until the transaction ends. Locked before any checkpoint, by the carriers of
     * this lane alone, and by one that assumes it before it locks anything else: so nobody waits in a circle.
     */
    private Condition carries() {
        return DSL.exists(DSL.selectOne().from(LANE_OWNER).where(assumed()).forShare());
    }

    private Condition assumed() {
        return LANE_OWNER.RUN_ID.eq(run).and(LANE_OWNER.LANE.eq(lane)).and(LANE_OWNER.OWNER.eq(owner));
    }

    /**
     * Takes the lane over: every open partition of it in this pass gets a fresh token, so that a carrier that had them,
     * and was taken for dead, claims none of them again. Waits for its batch in flight. Until this carrier claims one,
     * nobody walks it, and a lane that is free may take it.
     */
    public void takeOver(int pass) {
        sql.update(CHECKPOINT)
                .set(CHECKPOINT.OWNER, owner)
                .set(CHECKPOINT.TOKEN, FRESH)
                .setNull(CHECKPOINT.CLAIMED_AT)
                .where(of(pass), CHECKPOINT.LANE.eq(lane), CHECKPOINT.DONE.isFalse(), carries())
                .execute();
    }

    /**
     * Takes every open partition of another lane, which nobody carries any more, with fresh tokens. This lane walks one
     * at a time; a lane that is free may take the others meanwhile, just where they stand.
     */
    public void adopt(int pass, int other) {
        sql.update(CHECKPOINT)
                .set(CHECKPOINT.LANE, lane)
                .set(CHECKPOINT.OWNER, owner)
                .set(CHECKPOINT.TOKEN, FRESH)
                .setNull(CHECKPOINT.CLAIMED_AT)
                .where(of(pass), CHECKPOINT.LANE.eq(other), CHECKPOINT.DONE.isFalse(), carries())
                .execute();
    }

    /** The first partition of this lane that is not done. */
    public Optional<Standing> own(int pass) {
        return first(pass, CHECKPOINT.LANE.eq(lane));
    }

    /** The first partition of any lane that nobody has begun, or has gone on with since its lane was taken over. */
    public Optional<Standing> unstarted(int pass) {
        return first(pass, CHECKPOINT.CLAIMED_AT.isNull());
    }

    private Optional<Standing> first(int pass, Condition which) {
        return sql.selectFrom(CHECKPOINT)
                .where(of(pass), CHECKPOINT.DONE.isFalse(), which)
                .orderBy(CHECKPOINT.PARTITION)
                .limit(1)
                .fetchOptional(this::standing);
    }

    /** The partitions that are being walked: at most about one per lane. */
    public List<Standing> started(int pass) {
        return sql.selectFrom(CHECKPOINT)
                .where(of(pass), CHECKPOINT.DONE.isFalse(), CHECKPOINT.CLAIMED_AT.isNotNull())
                .orderBy(CHECKPOINT.PARTITION)
                .fetch(this::standing);
    }

    /**
     * What is left of a pass.
     *
     * @param lanes that have partitions which are not done, in order
     * @param wanted whether the run is wanted running, as those partitions have it
     */
    public record Left(List<Integer> lanes, boolean wanted) {
        public Left {
            lanes = List.copyOf(lanes);
        }
    }

    /** The partitions that are not done. */
    public Left left(int pass) {
        var wanted = DSL.boolAnd(CHECKPOINT.WANTED.eq(Wanted.RUNNING.code()));
        var lanes = sql.select(CHECKPOINT.LANE, wanted)
                .from(CHECKPOINT)
                .where(of(pass), CHECKPOINT.DONE.isFalse())
                .groupBy(CHECKPOINT.LANE)
                .orderBy(CHECKPOINT.LANE)
                .fetch();
        return new Left(
                lanes.getValues(CHECKPOINT.LANE),
                lanes.getValues(wanted).stream().allMatch(w -> w));
    }

    /** Whether the run is not wanted running any more, though its checkpoints may not have it yet. */
    public boolean isUnwanted() {
        return sql.fetchExists(RUN_WANTED, RUN_WANTED.RUN_ID.eq(run), RUN_WANTED.WANTED.ne(Wanted.RUNNING.code()));
    }

    /** Reads a partition; empty when it does not exist. */
    public Optional<Standing> read(PartitionId id) {
        return sql.selectFrom(CHECKPOINT).where(Checkpoints.is(id)).fetchOptional(this::standing);
    }

    /**
     * Claims a partition of this lane. Waits for a batch in flight and starts from what it committed.
     *
     * @return empty when it is done, the run is not wanted running, or another lane or another carrier of this one has
     *     it
     */
    public Optional<Claim> claim(PartitionId id) {
        return take(id, CHECKPOINT.LANE.eq(lane).and(CHECKPOINT.OWNER.isNull().or(CHECKPOINT.OWNER.eq(owner))));
    }

    /**
     * Takes a partition of another lane that nobody walks.
     *
     * @return empty when it was claimed meanwhile, the run is not wanted running, or another carrier has this lane
     */
    public Optional<Claim> takeUnstarted(PartitionId id) {
        return take(id, CHECKPOINT.CLAIMED_AT.isNull());
    }

    private Optional<Claim> take(PartitionId id, Condition which) {
        return sql.update(CHECKPOINT)
                .set(CHECKPOINT.TOKEN, UUID.randomUUID())
                .set(CHECKPOINT.LANE, lane)
                .set(CHECKPOINT.OWNER, owner)
                .set(CHECKPOINT.CLAIMED_AT, Checkpoints.CLOCK)
                .where(
                        Checkpoints.is(id),
                        which,
                        carries(),
                        CHECKPOINT.DONE.isFalse(),
                        CHECKPOINT.WANTED.eq(Wanted.RUNNING.code()))
                .returning()
                .fetchOptional(r -> Checkpoints.claim(id, r));
    }

    /**
     * Takes the rest of a partition behind a key for this lane, under the partition's lock: its upper bound moves to
     * that key, it gets a fresh token, and its carrier goes on with it after having read it again. Totals stay right:
     * what was counted stays with the partition that counted it.
     *
     * @param id the partition that is split
     * @param facts of the table that is walked
     * @param at the last key that stays with it, the text of each key column
     * @return empty when there is nothing to take any more: it is done or not wanted, or the batches, or the stripes of
     *     the range in progress, have come past that key; or another carrier has this lane
     */
    public Optional<Claim> split(PartitionId id, TableFacts facts, List<String> at) {
        return sql.transactionResult(tx -> {
            DSLContext c = tx.dsl();
            // first the mandate, as everybody who locks both: a pause or cancel sees the new partition, or waits
            RunWantedRecord mandate = c.selectFrom(RUN_WANTED)
                    .where(RUN_WANTED.RUN_ID.eq(run))
                    .forUpdate()
                    .fetchSingle();
            boolean halted = DatabaseStop.marks(c);
            boolean carrying = c.fetchValue(DSL.field(carries()));
            CheckpointRecord row = c.selectFrom(CHECKPOINT)
                    .where(Checkpoints.is(id), CHECKPOINT.DONE.isFalse())
                    .forUpdate()
                    .fetchOne();
            if (row == null
                    || !carrying
                    || !mandate.getWanted().equals(Wanted.RUNNING.code())
                    || !divides(c, facts, at, row)) {
                return Optional.empty();
            }
            c.update(CHECKPOINT)
                    .set(CHECKPOINT.UPPER_KEY, at.toArray(String[]::new))
                    .set(CHECKPOINT.TOKEN, FRESH)
                    .where(Checkpoints.is(id))
                    .execute();
            Claim rest = new Claim(
                    new PartitionId(run, id.pass(), next(c, id.pass())),
                    row.getRelation(),
                    List.of(row.getKeyColumns()),
                    UUID.randomUUID(),
                    Position.after(at),
                    Arrays.asList(row.getUpperKey()),
                    DesiredState.tuning(mandate));
            Checkpoints.insert(c, rest, DSL.val(row.getRelationOid()), lane, owner, mandate.getWanted(), halted);
            return Optional.of(rest);
        });
    }

    /**
     * Has the range in progress walked on in twice as many stripes, each half as large, if the checkpoint is exactly as
     * the claim has it. A batch that names the position before changes nothing any more.
     *
     * @param claim in the middle of a range in stripes
     * @return the claim as it stands now; empty when the checkpoint was not as it says, and nothing was changed
     */
    public Optional<Claim> finer(Claim claim) {
        Position before = claim.position();
        Position finer = before.finer();
        int rows = sql.update(CHECKPOINT)
                .set(CHECKPOINT.STRIPES, finer.stripes())
                .set(CHECKPOINT.STRIPE, finer.stripe())
                .where(
                        Checkpoints.is(claim.id()),
                        CHECKPOINT.TOKEN.eq(claim.token()),
                        CHECKPOINT.CURSOR_KEY.isNotDistinctFrom(Checkpoints.array(before.cursor())),
                        CHECKPOINT.RANGE_END.eq(Checkpoints.array(before.rangeEnd())),
                        CHECKPOINT.STRIPES.eq(before.stripes()),
                        CHECKPOINT.STRIPE.eq(before.stripe()))
                .execute();
        return rows == 1 ? Optional.of(claim.at(finer)) : Optional.empty();
    }

    private int next(DSLContext c, int pass) {
        return c.select(DSL.max(CHECKPOINT.PARTITION).add(1))
                .from(CHECKPOINT)
                .where(of(pass))
                .fetchSingle()
                .value1();
    }

    /** Whether there are keys between what is walked and this one, and between it and the upper bound. */
    private static boolean divides(DSLContext c, TableFacts facts, List<String> at, CheckpointRecord row) {
        String[] walked = row.getRangeEnd() == null ? row.getCursorKey() : row.getRangeEnd();
        String[] upper = row.getUpperKey();
        leadToOperators(c, facts);
        return upper != null
                && hasKeys(c, facts, row.getRelation(), walked == null ? null : Arrays.asList(walked), at)
                && hasKeys(c, facts, row.getRelation(), at, Arrays.asList(upper));
    }

    /** For this transaction: several columns are compared by operators that the search_path leads to. */
    private static void leadToOperators(DSLContext c, TableFacts facts) {
        String schemas = facts.key().stream()
                .map(TableFacts.KeyColumn::operators)
                .filter(schema -> !schema.isEmpty())
                .distinct()
                .collect(Collectors.joining(", "));
        if (!schemas.isEmpty()) {
            c.fetch("SELECT set_config('search_path', ?, true)", schemas);
        }
    }

    private static boolean hasKeys(
            DSLContext c, TableFacts facts, String relation, @Nullable List<String> after, List<String> upTo) {
        KeySql key = new KeySql("t", facts.key());
        String lower = after == null ? "" : key.compare(">", key::parameter) + " AND ";
        List<String> values = new ArrayList<>(after == null ? List.of() : after);
        values.addAll(upTo);
        return !c.fetch(
                        "SELECT 1 FROM ONLY " + relation + " AS \"t\" WHERE " + lower
                                + key.compare("<=", key::parameter) + " LIMIT 1",
                        values.toArray())
                .isEmpty();
    }

    private Standing standing(CheckpointRecord r) {
        PartitionId id = new PartitionId(run, r.getPass(), r.getPartition());
        return new Standing(
                Checkpoints.claim(id, r),
                r.getLane(),
                r.getOwner(),
                Wanted.of(r.getWanted()),
                r.getDone(),
                r.getClaimedAt() != null);
    }

    private Condition of(int pass) {
        return CHECKPOINT.RUN_ID.eq(run).and(CHECKPOINT.PASS.eq(pass));
    }
}
