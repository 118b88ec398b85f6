package dev.sluice.checkpoint;

import static dev.sluice.database.schema.Tables.CHECKPOINT;
import static dev.sluice.database.schema.Tables.PASS;

import dev.sluice.database.Database;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.impl.DSL;
import org.jspecify.annotations.Nullable;

/**
 * The leaf partitions behind the checkpoints, which may be renamed, detached, dropped and attached while a run walks
 * them. A relation is known by its oid. Database errors come as jOOQ's DataAccessException.
 */
public final class Relations {
    /** Checkpoints follow their relation to its present name; bound: run, pass, run, pass. */
    private static final String RENAME = """
            UPDATE sluice.checkpoint AS c SET relation = n.name
              FROM (SELECT k.oid::bigint AS oid, '"' || replace(s.nspname, '"', '""') || '"."' || replace(k.relname, '"', '""') || '"' AS name
                      FROM pg_catalog.pg_class k JOIN pg_catalog.pg_namespace s ON s.oid = k.relnamespace
                     WHERE k.oid IN (SELECT o.relation_oid::oid FROM sluice.checkpoint o WHERE o.run_id = ? AND o.pass = ? AND NOT o.done)) AS n
             WHERE c.run_id = ? AND c.pass = ? AND NOT c.done AND c.relation_oid = n.oid AND c.relation <> n.name""";

    /** Whether a partition's relation is still one of the table's, and has its name; bound: the table's oid, the id. */
    private static final String IN_STEP = """
            SELECT EXISTS (SELECT FROM pg_catalog.pg_partition_ancestors(c.relation_oid::oid::regclass) AS a WHERE a.relid = ?::oid)
                   AND EXISTS (SELECT FROM pg_catalog.pg_class k JOIN pg_catalog.pg_namespace s ON s.oid = k.relnamespace
                                WHERE k.oid = c.relation_oid::oid
                                  AND c.relation = '"' || replace(s.nspname, '"', '""') || '"."' || replace(k.relname, '"', '""') || '"')
              FROM sluice.checkpoint c WHERE c.run_id = ? AND c.pass = ? AND c.partition = ?""";

    /** Whether a checkpoint's relation has its name, and the name that it has now; bound: the id. */
    private static final String NAMED = """
            SELECT to_regclass(c.relation)::oid::bigint IS NOT DISTINCT FROM c.relation_oid,
                   (SELECT s.nspname || '.' || k.relname
                      FROM pg_catalog.pg_class k JOIN pg_catalog.pg_namespace s ON s.oid = k.relnamespace
                     WHERE k.oid = c.relation_oid::oid)
              FROM sluice.checkpoint c WHERE c.run_id = ? AND c.pass = ? AND c.partition = ?""";

    /** Ends what is no partition of the table any more; bound: run, pass, the table's oid. */
    private static final String END = """
            UPDATE sluice.checkpoint SET done = true, gone = true, token = gen_random_uuid(), updated_at = clock_timestamp()
             WHERE run_id = ? AND pass = ? AND NOT done
               AND NOT EXISTS (SELECT FROM pg_catalog.pg_partition_ancestors(relation_oid::oid::regclass) AS a WHERE a.relid = ?::oid)
            RETURNING partition, relation""";

    /** Moves what has come back into a later pass, which goes on at its position; bound: see {@link #bringBack}. */
    private static final String BRING_BACK = """
            UPDATE sluice.checkpoint AS c
               SET pass = ?, partition = b.number, lane = 0, owner = NULL, claimed_at = NULL, token = gen_random_uuid(),
                   done = false, gone = false, database_stopped = ?, wanted = w.wanted, target_millis = w.target_millis,
                   batch_size = w.batch_size, rows_per_second = w.rows_per_second, wal_per_hour = w.wal_per_hour,
                   cores = w.cores
              FROM (SELECT o.pass, o.partition, row_number() OVER (ORDER BY o.pass, o.partition)
                           + (SELECT coalesce(max(n.partition), -1) FROM sluice.checkpoint n WHERE n.run_id = ? AND n.pass = ?) AS number
                      FROM sluice.checkpoint o JOIN sluice.pass p ON p.run_id = o.run_id AND p.pass = o.pass
                     WHERE o.run_id = ? AND o.pass < ? AND o.gone AND p.kind = 'migrate' AND o.relation_oid = ANY (?)) AS b,
                   sluice.run_wanted AS w
             WHERE c.run_id = ? AND c.pass = b.pass AND c.partition = b.partition AND w.run_id = c.run_id""";

    private final DSLContext sql;

    public Relations(Database database) {
        this.sql = database.sql();
    }

    /**
     * A partition whose relation went.
     *
     * @param id which
     * @param relation SQL name it had
     */
    public record Gone(PartitionId id, String relation) {}

    /**
     * Whether the catalog still says of a partition's relation what its checkpoint says, or there is no such
     * checkpoint.
     */
    public boolean isInStep(PartitionId id, long table) {
        return sql.fetch(IN_STEP, table, id.run(), id.pass(), id.partition()).stream()
                .allMatch(r -> Boolean.TRUE.equals(r.get(0, Boolean.class)));
    }

    /**
     * A relation that does not have the name any more that its checkpoint says.
     *
     * @param now its name now; null where it was dropped
     */
    public record Renamed(@Nullable String now) {}

    /** Whether a checkpoint's relation lost its name; empty where it has it, or there is no such checkpoint. */
    public Optional<Renamed> renamed(PartitionId id) {
        return sql.fetch(NAMED, id.run(), id.pass(), id.partition()).stream()
                .filter(r -> !Boolean.TRUE.equals(r.get(0, Boolean.class)))
                .map(r -> new Renamed(r.get(1, String.class)))
                .findFirst();
    }

    /**
     * Brings the open checkpoints of a pass over a partitioned table in step with the catalog: those of renamed leaves
     * follow the name, and those of leaves that are none any more are done, with a fresh token, so that whoever had one
     * changes nothing more. Waits for a batch in flight only where the leaf went.
     *
     * @param table oid of the partitioned table
     * @return what went
     */
    public List<Gone> settle(UUID run, int pass, long table) {
        List<Gone> gone = sql.fetch(END, run, pass, table)
                .map(r -> new Gone(
                        new PartitionId(run, pass, r.get("partition", Integer.class)),
                        r.get("relation", String.class)));
        sql.execute(RENAME, run, pass, run, pass);
        return gone;
    }

    /** The oids of the leaves that a partitioned table has now. */
    public Set<Long> leaves(long table) {
        return new HashSet<>(sql.fetch(
                        "SELECT relid::oid::bigint FROM pg_catalog.pg_partition_tree(?::oid::regclass) WHERE isleaf",
                        table)
                .map(r -> r.get(0, Long.class)));
    }

    /**
     * The oids that the checkpoints of a look are of, those that went apart.
     *
     * @param look its first pass
     * @param kind {@code VERIFY} or {@code ORPHANS}
     */
    public Set<Long> verified(UUID run, int round, Pass.Kind kind) {
        return new HashSet<>(sql.selectDistinct(CHECKPOINT.RELATION_OID)
                .from(CHECKPOINT)
                .join(PASS)
                .on(PASS.RUN_ID.eq(CHECKPOINT.RUN_ID), PASS.PASS_.eq(CHECKPOINT.PASS))
                .where(CHECKPOINT.RUN_ID.eq(run), CHECKPOINT.GONE.isFalse())
                .and(PASS.KIND.eq(kind.code()))
                .and(DSL.coalesce(PASS.ROUND, PASS.PASS_).eq(round))
                .fetch(CHECKPOINT.RELATION_OID));
    }

    /**
     * What a run has changed in a relation.
     *
     * @param began when the first pass that came there began
     * @param ended when the last batch there was committed
     * @param rows changed
     */
    public record RelationChange(Instant began, Instant ended, long rows) {}

    /** What the passes that change rows have done, by the oid of the relation they walked. */
    public Map<Long, RelationChange> changesByRelation(UUID run) {
        return sql.select(
                        CHECKPOINT.RELATION_OID,
                        DSL.min(PASS.STARTED_AT),
                        DSL.max(CHECKPOINT.UPDATED_AT),
                        DSL.sum(CHECKPOINT.CHANGED))
                .from(CHECKPOINT)
                .join(PASS)
                .on(PASS.RUN_ID.eq(CHECKPOINT.RUN_ID), PASS.PASS_.eq(CHECKPOINT.PASS))
                .where(CHECKPOINT.RUN_ID.eq(run), PASS.KIND.in(Pass.Kind.MIGRATE.code(), Pass.Kind.SWEEP.code()))
                .groupBy(CHECKPOINT.RELATION_OID)
                .fetchMap(
                        r -> r.value1(),
                        r -> new RelationChange(
                                r.value2().toInstant(),
                                r.value3().toInstant(),
                                r.value4().longValue()));
    }

    /**
     * A relation that a pass which changes rows has walked, or began to.
     *
     * @param oid of the relation
     * @param name SQL name it had
     * @param unfinished whether it went before the end was reached, in a first walk
     */
    public record Changed(long oid, String name, boolean unfinished) {}

    /** What the passes that change rows have walked, up to and with this one. */
    public List<Changed> changed(UUID run, int upTo) {
        return sql.selectDistinct(CHECKPOINT.RELATION_OID, CHECKPOINT.RELATION, CHECKPOINT.GONE, PASS.KIND)
                .from(CHECKPOINT)
                .join(PASS)
                .on(PASS.RUN_ID.eq(CHECKPOINT.RUN_ID), PASS.PASS_.eq(CHECKPOINT.PASS))
                .where(CHECKPOINT.RUN_ID.eq(run), CHECKPOINT.PASS.le(upTo))
                .and(PASS.KIND.in(Pass.Kind.MIGRATE.code(), Pass.Kind.SWEEP.code()))
                .fetch(r -> new Changed(
                        r.value1(), r.value2(), r.value3() && r.value4().equals(Pass.Kind.MIGRATE.code())));
    }

    /**
     * Moves the partitions of relations that went in an earlier first walk, and are back, into this pass, where they
     * are walked on from their positions. A repeated call changes nothing.
     */
    public void bringBack(UUID run, int pass, Set<Long> back) {
        sql.transaction(tx -> {
            // the mandate first: a pause or cancel sees them, or waits
            tx.dsl().fetch("SELECT 1 FROM sluice.run_wanted WHERE run_id = ? FOR UPDATE", run);
            boolean halted = DatabaseStop.marks(tx.dsl());
            tx.dsl().execute(BRING_BACK, pass, halted, run, pass, run, pass, back.toArray(Long[]::new), run);
        });
    }
}
