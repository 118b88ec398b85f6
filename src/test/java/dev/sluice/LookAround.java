package dev.sluice;

import dev.sluice.testing.TestPostgres;

/** What lanes and sessions are doing, and what they wait for: where something takes long, this tells why. */
final class LookAround {
    private static final String LANES =
            "SELECT string_agg(format('lane %s of run %s (%s), carried by %s, last sign of life %s s ago, limited by %s',"
                    + " l.lane, l.run_id, r.state, coalesce(l.carrier, 'nobody'),"
                    + " round(extract(epoch FROM clock_timestamp() - l.heartbeat_at), 1), coalesce(l.hold, 'nothing')),"
                    + " E'\\n' ORDER BY l.run_id, l.lane)"
                    + " FROM sluice.lane l JOIN sluice.run r ON r.id = l.run_id"
                    + " WHERE r.state IN ('queued', 'running', 'verifying', 'sweeping')";

    private static final String PARTITIONS =
            "SELECT string_agg(format('partition %s of lane %s of run %s, carried by %s, claimed %s s ago, last batch %s s ago,"
                    + " from %s up to %s, stripe %s of %s', partition, lane, run_id, coalesce(carrier, 'nobody'),"
                    + " round(extract(epoch FROM clock_timestamp() - claimed_at), 1),"
                    + " round(extract(epoch FROM clock_timestamp() - updated_at), 1), cursor_key, upper_key, stripe, stripes),"
                    + " E'\\n' ORDER BY run_id, partition) FROM sluice.checkpoint WHERE NOT done";

    /** Those that wait for others, and those in a transaction for over a second. */
    private static final String SESSIONS =
            "SELECT string_agg(format('session %s of %s: %s, %s, for %s s in its transaction, blocked by %s: %s',"
                    + " pid, application_name, state, coalesce(wait_event_type || ' ' || wait_event, 'no wait'),"
                    + " round(extract(epoch FROM clock_timestamp() - xact_start), 1), pg_blocking_pids(pid),"
                    + " left(query, 120)), E'\\n' ORDER BY xact_start)"
                    + " FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
                    + " AND (xact_start < clock_timestamp() - interval '1 second' OR pg_blocking_pids(pid) <> '{}')";

    private LookAround() {}

    /** Several lines. */
    static String at(TestPostgres.Fresh db) {
        return db.value(LANES) + "\n" + db.value(PARTITIONS) + "\n" + db.value(SESSIONS);
    }
}
