package dev.sluice.batch;

import dev.sluice.batch.BatchStatement.Parameter;
import dev.sluice.batch.BatchStatement.Parameter.Named;
import dev.sluice.partition.KeySql;
import dev.sluice.table.TableFacts;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes the statement of a batch. With {@code set: {n: "n + 1"}} on {@code app.u (id bigint)} it reads:
 *
 * <pre>{@code
 * WITH sluice_claim AS MATERIALIZED (          -- 1. the checkpoint, if token, position and wish still hold
 *   SELECT upper_key, pg_current_wal_insert_lsn() AS wal, pg_stat_get_xact_tuples_hot_updated('"app"."u"'::regclass) AS hot
 *   FROM sluice.checkpoint WHERE run_id = ? … AND token = ? AND wanted = 'running' AND NOT database_stopped … FOR UPDATE),
 * sluice_nth AS MATERIALIZED (                 -- 2. the n-th key, at most the locked row's upper bound
 *   SELECT "u"."id" AS k1, true AS found FROM ONLY "app"."u" AS "u"
 *   WHERE "u"."id" > CAST(? AS bigint) AND "u"."id" <= (SELECT CAST(upper_key[1] AS bigint) FROM sluice_claim)
 *   ORDER BY "u"."id" OFFSET ? - 1 LIMIT 1),
 * sluice_boundary AS MATERIALIZED (            --    or that bound, where fewer keys are left; then they are counted
 *   SELECT coalesce(n.k1, CAST(l.upper_key[1] AS bigint)) AS k1, n.found IS NULL AS short,
 *   CASE WHEN n.found THEN ? ELSE (SELECT count(*) …) END AS n FROM sluice_claim AS l LEFT JOIN sluice_nth …),
 * sluice_changed AS (                          -- 3. the change, and whether a row still matches
 *   UPDATE ONLY "app"."u" AS "u" SET "n" = (n + 1)
 *   WHERE "u"."id" > CAST(? AS bigint) AND "u"."id" <= (SELECT k1 FROM sluice_boundary) RETURNING false AS still,
 *   "u"."id" AS k1, ("u"."id" > … ) IS NOT TRUE AS beyond),
 * sluice_counted AS MATERIALIZED (             --    a row beyond the range: nothing of it is committed
 *   SELECT CASE WHEN count(*) FILTER (WHERE beyond) > 0 THEN sluice.refuse_batch(…) ELSE count(*) END AS changed, … FROM sluice_changed),
 * sluice_left AS MATERIALIZED (                --    rows that a trigger skipped: see LeftSql
 *   SELECT CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_trigger …) THEN … ELSE 0 END AS unchanged, … FROM sluice_counted AS w)
 * UPDATE sluice.checkpoint …                   -- 4. position and counts, in the same transaction
 * RETURNING …                                  -- 5. what was done, and how the run is tuned now
 * }</pre>
 *
 * <p>A range in stripes is opened by the same statement with {@code AND ((hash >> 29) & 7) = 0} ({@link StripeSql}) in
 * its change. The further stripes look for no boundary: their upper bound is the {@code range_end} of the locked row.
 *
 * <p>Lower bounds are typed parameters and upper bounds init plans, so the plan stays an index range scan, also as the
 * server's generic plan. A first batch has no cursor and so no lower bound: a statement of its own.
 *
 * <p>The statements around it set what holds in its transaction, and tell what held at its end ({@link Batches}).
 *
 * <p>The commit does not wait for its WAL to reach the disk ({@code synchronous_commit = off}, for this transaction
 * alone): where the server crashes, rows and checkpoint of the last moments are gone together, and are done again from
 * the checkpoint. Everything else that Sluice writes waits, and by doing so for whatever was committed before it: the
 * end of a pass above all, and so all that a gate answers.
 *
 * <p>Rows changed in place are counted by the server anyway: {@code pg_stat_get_xact_tuples_hot_updated} gives what
 * this transaction, and transactions of the session whose counts are not yet handed in, have changed so. It is read
 * before the change (every bound of the change hangs on the claim) and after it (with the aggregate over its rows); the
 * difference is this batch's.
 *
 * <p>The WAL is measured likewise, by how far the server's insert position has come from the claim to the advance of
 * the checkpoint. That counts what others write meanwhile too, and so is an upper bound.
 */
public final class BatchSql {
    /** What a batch is to its range. */
    public enum Form {
        /** the whole of it at once */
        WHOLE,
        /** its stripe 0; finds its end */
        OPENING,
        /** a later stripe */
        FURTHER
    }

    private final Form form;
    private final KeySql key;
    private final TableFacts facts;
    private final String relation;
    private final String alias;
    private final boolean fromStart;
    private final StringBuilder sql = new StringBuilder();
    private final List<Parameter> parameters = new ArrayList<>();

    BatchSql(Form form, TableFacts facts, String relation, boolean fromStart) {
        this.form = form;
        this.facts = facts;
        this.alias = facts.name().name();
        this.key = new KeySql(alias, facts.key());
        this.relation = relation;
        this.fromStart = fromStart;
    }

    /**
     * The statement for one partition, without stripes.
     *
     * @param work what is done with the rows
     * @param facts of the table that is walked
     * @param relation SQL name of the table or leaf
     * @param fromStart whether there is no cursor yet
     */
    public static BatchStatement of(RowWork work, TableFacts facts, String relation, boolean fromStart) {
        return of(Form.WHOLE, work, facts, relation, fromStart);
    }

    /**
     * The statement for one partition.
     *
     * @param form what the batch is to its range; others than {@code WHOLE} only for work that knows stripes
     */
    public static BatchStatement of(Form form, RowWork work, TableFacts facts, String relation, boolean fromStart) {
        if (form != Form.WHOLE && !work.stripes()) {
            throw new IllegalArgumentException("no stripes for " + work);
        }
        BatchSql s = new BatchSql(form, facts, relation, fromStart);
        s.claim(work.stripes());
        if (form != Form.FURTHER) {
            s.boundary();
        }
        WorkSql.write(s, work, facts, s.key);
        LeftSql.write(s, work, s.key);
        AdvanceSql.write(s, form, s.key);
        return new BatchStatement(s.sql.toString(), s.parameters);
    }

    private void claim(boolean inPlace) {
        add("WITH sluice_claim AS MATERIALIZED (SELECT upper_key, pg_current_wal_insert_lsn() AS wal, ");
        switch (form) {
            case WHOLE -> {}
            case OPENING -> add("CAST(? AS int) AS asked, ", Named.ASKED_STRIPES);
            case FURTHER -> add("range_end, range_keys::bigint AS range_keys, stripes, stripe, ");
        }
        add((inPlace ? hot() : "0::bigint") + " AS hot FROM sluice.checkpoint WHERE ");
        which("");
        add(" AND token = ?", Named.TOKEN);
        add(" AND cursor_key IS NOT DISTINCT FROM CAST(? AS text[])", Named.CURSOR);
        add(" AND range_end IS NOT DISTINCT FROM CAST(? AS text[])", Named.RANGE_END);
        add(" AND stripes = ?", Named.STRIPES);
        add(" AND stripe = ?", Named.STRIPE);
        // the table is named below, and its name may have been given to another one since: by the catalog as it is now,
        // which is sure, since whatever is named is locked by then
        add(" AND relation_oid = to_regclass(" + literal() + ")::oid::bigint");
        if (facts.partitioned()) {
            // what was detached is no longer the job's to change
            add(" AND EXISTS (SELECT FROM pg_partition_ancestors(relation_oid::oid::regclass) AS a WHERE a.relid = "
                    + facts.oid() + "::oid)");
        }
        add(" AND wanted = 'running' AND NOT done AND NOT database_stopped");
        // by the index: a sequential scan, which the sessions forbid, would be costed as if it were the worst of plans
        add(" AND NOT EXISTS (SELECT FROM sluice.database_stop WHERE id = 1)");
        // a change of the run is on its way: nothing begins that it would have to wait for
        add(
                " AND NOT EXISTS (SELECT FROM sluice.run_wanted AS r WHERE r.run_id = ?"
                        + " AND (r.wanted <> 'running' OR r.change_until > now())) FOR UPDATE),\n",
                Named.RUN);
    }

    /** Rows of the relation this session has changed in place, so far. */
    String hot() {
        return "pg_stat_get_xact_tuples_hot_updated(" + regclass() + ")";
    }

    /** The table or leaf that is walked, as a value. */
    String regclass() {
        return literal() + "::regclass";
    }

    private String literal() {
        return "'" + relation.replace("'", "''") + "'";
    }

    void which(String prefix) {
        add(prefix + "run_id = ?", Named.RUN);
        add(" AND " + prefix + "pass = ?", Named.PASS);
        add(" AND " + prefix + "partition = ?", Named.PARTITION);
    }

    /** Where the range ends: at the n-th key, or at the partition's bound, and then the keys up to it are counted. */
    private void boundary() {
        add("sluice_nth AS MATERIALIZED (SELECT " + key.namedList() + ", true AS found FROM " + from() + " WHERE ");
        between(this::bound);
        add(" ORDER BY " + key.list() + " OFFSET ? - 1 LIMIT 1),\n", Named.SIZE);
        add(
                "sluice_boundary AS MATERIALIZED (SELECT " + key.namedOrTextArray("n", "l", "upper_key")
                        + ", n.found IS NULL AS short, CASE WHEN n.found THEN ?",
                Named.SIZE);
        add(" ELSE (SELECT count(*) FROM " + from() + " WHERE ");
        between(this::bound);
        add(") END AS n FROM sluice_claim AS l LEFT JOIN sluice_nth AS n ON true),\n");
    }

    private String bound(int i) {
        return key.fromTextArray("sluice_claim", "upper_key", i);
    }

    /** {@code ONLY "app"."u" AS "u"}: the leaf under the table's own name, as the job's expressions know it. */
    String from() {
        return "ONLY " + relation + " AS " + dev.sluice.sql.TableName.quote(alias);
    }

    /** SQL name of the table or leaf that is walked. */
    String relation() {
        return relation;
    }

    /** The rows of this batch: the keys after the cursor up to the end of the range, of which only its stripe. */
    void range() {
        switch (form) {
            case WHOLE -> between(i -> key.from("sluice_boundary", i));
            case OPENING -> {
                between(i -> key.from("sluice_boundary", i));
                add(" AND ");
                StripeSql.write(this, key);
                add(" = 0");
            }
            case FURTHER -> {
                between(i -> key.fromTextArray("sluice_claim", "range_end", i));
                add(" AND ");
                StripeSql.write(this, key);
                add(" = ?", Named.STRIPE);
            }
        }
    }

    /** The same condition over another alias, as text in which each cursor column is a {@code ?}; without stripes. */
    String rangeText(String otherAlias) {
        KeySql other = new KeySql(otherAlias, key.columns());
        String upper = other.compare("<=", i -> other.from("sluice_boundary", i));
        return fromStart ? upper : other.compare(">", other::parameter) + " AND " + upper;
    }

    /** The parameters of {@link #rangeText}, in order. */
    List<Parameter> rangeParameters() {
        List<Parameter> columns = new ArrayList<>();
        if (!fromStart) {
            for (int i = 0; i < key.columns().size(); i++) {
                columns.add(new Parameter.CursorColumn(i));
            }
        }
        return columns;
    }

    private void between(java.util.function.IntFunction<String> upper) {
        if (!fromStart) {
            add(key.compare(">", key::parameter) + " AND ");
            parameters.addAll(rangeParameters());
        }
        add(key.compare("<=", upper));
    }

    BatchSql add(String text) {
        sql.append(text);
        return this;
    }

    BatchSql add(String text, Parameter parameter) {
        sql.append(text);
        parameters.add(parameter);
        return this;
    }

    BatchSql add(String text, List<Parameter> more) {
        sql.append(text);
        parameters.addAll(more);
        return this;
    }
}
