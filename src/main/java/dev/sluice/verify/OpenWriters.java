package dev.sluice.verify;

import dev.sluice.database.Database;
import dev.sluice.sql.TableName;
import java.util.List;
import java.util.Set;

/**
 * The transactions that hold a writing lock on one of some tables: what they wrote and have not committed, no batch and
 * no verification can see. As CREATE INDEX CONCURRENTLY does, a verification lets those that are open end first,
 * prepared transactions included.
 */
public final class OpenWriters {
    private final Database database;
    private final List<TableName> tables;

    /**
     * @param database where
     * @param tables that are watched, and with them the partitions they have at the moment
     */
    public OpenWriters(Database database, List<TableName> tables) {
        this.database = database;
        this.tables = List.copyOf(tables);
    }

    /**
     * One open transaction.
     *
     * @param transaction its virtual id, never used again by the server
     * @param description who it is, for people: {@code pid 42 (psql, idle in transaction, 31 s)}
     * @param ageSeconds since it began; 0 where it is not known
     */
    public record Writer(String transaction, String description, double ageSeconds) {}

    /** Those open now. */
    public List<Writer> now() {
        String[] names = tables.stream().map(TableName::sql).toArray(String[]::new);
        return database.sql()
                .fetch(
                        "WITH t AS MATERIALIZED (SELECT to_regclass(n) AS id FROM unnest(CAST(? AS text[])) AS n), "
                                + "watched AS MATERIALIZED (SELECT id::oid FROM t UNION SELECT p.relid::oid FROM t, pg_partition_tree(t.id) p) "
                                + "SELECT DISTINCT l.virtualtransaction AS id, coalesce('pid ' || l.pid || ' (' || "
                                + "concat_ws(', ', a.usename, nullif(a.application_name, ''), a.state, "
                                + "round(extract(epoch FROM clock_timestamp() - a.xact_start)) || ' s') || ')', "
                                + "'prepared transaction ' || coalesce(quote_literal(p.gid) || ' of ' || p.owner || ' ('"
                                + " || round(extract(epoch FROM clock_timestamp() - p.prepared)) || ' s)', l.virtualtransaction))"
                                + " AS description, "
                                + "coalesce(extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared)), 0)::float8 AS age "
                                + "FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid "
                                + "LEFT JOIN pg_locks x ON l.pid IS NULL AND x.pid IS NULL AND x.locktype = 'transactionid'"
                                + " AND x.mode = 'ExclusiveLock' AND x.virtualtransaction = l.virtualtransaction "
                                + "LEFT JOIN pg_prepared_xacts p ON p.transaction = x.transactionid "
                                + "WHERE l.locktype = 'relation' AND l.granted AND l.relation IN (SELECT id FROM watched) "
                                + "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
                                + "AND l.pid IS DISTINCT FROM pg_backend_pid() AND l.mode IN ('RowExclusiveLock', "
                                + "'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') ORDER BY age DESC",
                        (Object) names)
                .map(r -> new Writer(
                        r.get("id", String.class), r.get("description", String.class), r.get("age", double.class)));
    }

    /** Those of {@code before} that are still open. */
    public List<Writer> still(Set<String> before) {
        return now().stream().filter(w -> before.contains(w.transaction())).toList();
    }
}
