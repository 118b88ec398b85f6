package dev.sluice.throttle;

import dev.sluice.job.SignalKind;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/**
 * The share of a table's rows that are dead, by the server's statistics; of a partitioned table over all its leaves. A
 * few dead rows are nobody's burden, whatever their share.
 *
 * @param table its oid
 */
public record DeadTuples(long table) implements DatabaseSource {
    /** Below this nothing counts: autovacuum leaves small tables alone, and so does their size the application. */
    static final long FEW = 10_000;

    /** Bound: oid, oid. Of a table that is not partitioned pg_partition_tree says nothing. */
    private static final Query ROWS = new Query("""
            SELECT coalesce(sum(pg_catalog.pg_stat_get_dead_tuples(t.relid)), 0)::bigint AS dead,
                   coalesce(sum(pg_catalog.pg_stat_get_live_tuples(t.relid)), 0)::bigint AS live
              FROM (SELECT ?::oid AS relid
                    UNION SELECT p.relid::oid FROM pg_catalog.pg_partition_tree(?::oid) p WHERE p.isleaf) AS t""");

    @Override
    public String code() {
        return SignalKind.DEAD_TUPLES.code();
    }

    @Override
    public Duration every() {
        return Duration.ofSeconds(10);
    }

    @Override
    public List<Level> read(Connection connection) throws SQLException {
        return ROWS.on(connection, row -> level(row.getLong("dead"), row.getLong("live")), table, table);
    }

    private static Level level(long dead, long live) {
        double share = dead < FEW ? 0 : (double) dead / (dead + live);
        String text = dead < FEW
                ? dead + " dead rows"
                : Amount.percent(share) + " (" + dead + " of " + (dead + live) + " rows)";
        return Level.of("limit", "", share, text);
    }
}
