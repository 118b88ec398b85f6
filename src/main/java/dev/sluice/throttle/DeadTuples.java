package dev.sluice.throttle;

import dev.sluice.job.SignalKind;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/**
 * The share of a table's rows that are dead, by the server's statistics; of a partitioned table over all its leaves. A
 * few dead rows are nobody's burden, whatever their share. After a crash the statistics begin anew and know of no live
 * row until the next ANALYZE, so the catalog's estimate of the rows counts where it is more.
 *
 * @param table its oid
 */
public record DeadTuples(long table) implements DatabaseSource {
    /** Below this nothing counts: autovacuum leaves small tables alone, and so does their size the application. */
    static final long FEW = 10_000;

    /** Bound: oid, oid. Of a table that is not partitioned pg_partition_tree says nothing. */
    private static final Query ROWS = new Query("""
            SELECT coalesce(sum(pg_catalog.pg_stat_get_dead_tuples(t.relid)), 0)::bigint AS dead,
                   coalesce(sum(greatest(pg_catalog.pg_stat_get_live_tuples(t.relid), c.reltuples)), 0)::bigint AS live
              FROM (SELECT ?::oid AS relid
                    UNION SELECT p.relid::oid FROM pg_catalog.pg_partition_tree(?::oid) p WHERE p.isleaf) AS t
              LEFT JOIN pg_catalog.pg_class c ON c.oid = t.relid""");

    @Override
    public String code() {
        return SignalKind.DEAD_TUPLES.code();
    }

    @Override
    public Duration every() {
        return Duration.ofSeconds(10);
    }

    @Override
    public List<Measurement> read(Connection connection) throws SQLException {
        return ROWS.on(connection, row -> level(row.getLong("dead"), row.getLong("live")), table, table);
    }

    private static Measurement level(long dead, long live) {
        double share = dead < FEW || live <= 0 ? 0 : (double) dead / (dead + live);
        String text = dead < FEW || live <= 0
                ? dead
                        + (live <= 0 && dead >= FEW
                                ? " dead rows, of how many is not known before an ANALYZE"
                                : " dead rows")
                : Amount.percent(share) + " (" + dead + " of " + (dead + live) + " rows)";
        return Measurement.of("limit", "", share, text);
    }
}
