package dev.sluice.verify;

import dev.sluice.database.Database;
import dev.sluice.sql.TableName;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import org.jooq.Record;
import org.jspecify.annotations.Nullable;

/**
 * The planner's statistics of a table and its leaf partitions, whoever made them: how old they are by the database's
 * clock, and whether the role may make new ones.
 */
public final class Statistics {
    /** A session that is idle tells its counts within 10 s; until then rows it has changed may not be counted. */
    static final Duration COUNTS_SETTLE = Duration.ofSeconds(12);

    /**
     * The table and what holds its rows; bound: the table. Before PostgreSQL 17 the owner alone may ANALYZE. The
     * threshold is the server's own, above which autovacuum would analyse the table again.
     */
    private static final String QUERY = """
            WITH t AS MATERIALIZED (SELECT CAST(? AS regclass)::oid AS id)
            SELECT c.oid::bigint AS oid, n.nspname AS table_schema, c.relname AS table_name, c.relkind = 'p' AS parent,
                   CASE WHEN c.relkind = 'r' THEN pg_catalog.pg_relation_size(c.oid) = 0 ELSE false END AS empty,
                   pg_has_role(c.relowner, 'USAGE')
                     OR CASE WHEN current_setting('server_version_num')::int >= 170000
                             THEN has_table_privilege(c.oid, 'MAINTAIN') ELSE false END AS may,
                   greatest(s.last_analyze, s.last_autoanalyze) AS analyzed,
                   coalesce(s.n_mod_since_analyze, 0) AS modified,
                   coalesce((SELECT o.option_value FROM pg_options_to_table(c.reloptions) o
                              WHERE o.option_name = 'autovacuum_analyze_threshold'),
                            current_setting('autovacuum_analyze_threshold'))::float8
                     + coalesce((SELECT o.option_value FROM pg_options_to_table(c.reloptions) o
                                  WHERE o.option_name = 'autovacuum_analyze_scale_factor'),
                                current_setting('autovacuum_analyze_scale_factor'))::float8
                       * greatest(c.reltuples, 0) AS threshold,
                   clock_timestamp() AS now
              FROM t, pg_catalog.pg_class c
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              LEFT JOIN pg_catalog.pg_stat_all_tables s ON s.relid = c.oid
             WHERE c.relkind IN ('r', 'p') AND (c.oid = t.id OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(t.id)))
             ORDER BY c.oid""";

    private final Database database;
    private final TableName table;

    /** @param table partitioned or not */
    public Statistics(Database database, TableName table) {
        this.database = database;
        this.table = table;
    }

    /**
     * One relation's statistics.
     *
     * @param oid of the relation
     * @param name of the relation
     * @param parent whether it is partitioned: it holds no rows, and autovacuum never analyses it
     * @param empty whether it has no page, and so nothing to have statistics of
     * @param mayAnalyze whether the role may ANALYZE it
     * @param analyzed when it was analysed last, by anybody; null for never, or where the server does not know
     * @param modified rows changed since then, as far as sessions have told
     * @param threshold of them, above which the server would analyse it by itself
     * @param now the database's clock
     */
    public record Relation(
            long oid,
            TableName name,
            boolean parent,
            boolean empty,
            boolean mayAnalyze,
            @Nullable Instant analyzed,
            long modified,
            double threshold,
            Instant now) {

        /**
         * Whether the planner knows the rows as they are since a run has changed them. So it does where the relation
         * was analysed since; and where it was analysed before, but fewer rows have changed since than would make the
         * server analyse it again.
         *
         * @param change of the run
         */
        public boolean isFresh(Change change) {
            if (empty) {
                return true;
            }
            if (analyzed == null) {
                return false;
            }
            if (!analyzed.isBefore(change.ended()) || change.rows() == 0 && modified <= threshold) {
                return true;
            }
            boolean counted = Duration.between(change.ended(), now).compareTo(COUNTS_SETTLE) > 0;
            long since = analyzed.isBefore(change.began()) ? Math.max(modified, change.rows()) : modified;
            return counted && since <= threshold;
        }
    }

    /**
     * What a run has changed in a relation.
     *
     * @param began before its first batch there
     * @param ended with its last batch there
     * @param rows changed
     */
    public record Change(Instant began, Instant ended, long rows) {}

    /** The table itself, and its partitions of any depth. */
    public List<Relation> now() {
        return database.sql().fetch(QUERY, table.sql()).map(Statistics::relation);
    }

    /** Whether the server notes who analyses what at all. */
    public boolean areNoted() {
        return Boolean.TRUE.equals(database.sql()
                .fetchSingle("SELECT current_setting('track_counts')::boolean")
                .get(0, Boolean.class));
    }

    private static Relation relation(Record r) {
        return new Relation(
                r.get("oid", long.class),
                new TableName(r.get("table_schema", String.class), r.get("table_name", String.class)),
                r.get("parent", boolean.class),
                r.get("empty", boolean.class),
                r.get("may", boolean.class),
                Optional.ofNullable(r.get("analyzed", OffsetDateTime.class))
                        .map(OffsetDateTime::toInstant)
                        .orElse(null),
                r.get("modified", long.class),
                r.get("threshold", double.class),
                r.get("now", OffsetDateTime.class).toInstant());
    }
}
