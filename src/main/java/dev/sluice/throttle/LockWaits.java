package dev.sluice.throttle;

import dev.sluice.job.SignalKind;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * How many sessions of others wait for a lock behind one of ours: for what it holds, in the queue behind it, or behind
 * somebody who waits for it. Sessions of ours that wait do not count.
 */
public record LockWaits() implements DatabaseSource {
    /**
     * Everybody who waits for a lock, and for whom. Every role may see who waits, and the name and role of each
     * session. Who is in the way is asked of those who wait alone: the answer locks the lock table for a moment.
     */
    private static final Query WAITING = new Query("""
            WITH ours AS MATERIALIZED (
              SELECT a.pid FROM pg_catalog.pg_stat_activity a
               WHERE a.application_name = 'sluice' AND a.usename = session_user),
            waiting AS MATERIALIZED (
              SELECT DISTINCT l.pid FROM pg_catalog.pg_locks l WHERE NOT l.granted AND l.pid IS NOT NULL)
            SELECT w.pid, pg_catalog.pg_blocking_pids(w.pid) AS blockers, w.pid IN (SELECT o.pid FROM ours o) AS ours,
                   ARRAY(SELECT o.pid FROM ours o) AS all_ours
              FROM waiting w""");

    /**
     * Somebody who waits.
     *
     * @param blockers who is in the way
     * @param ours whether it is a session of ours
     */
    record Waiting(int pid, Set<Integer> blockers, boolean ours) {}

    private record Row(Waiting waiting, Set<Integer> allOurs) {
        static Row of(ResultSet row) throws SQLException {
            return new Row(
                    new Waiting(row.getInt("pid"), pids(row, "blockers"), row.getBoolean("ours")),
                    pids(row, "all_ours"));
        }
    }

    private static Set<Integer> pids(ResultSet row, String column) throws SQLException {
        return Set.copyOf(List.of((Integer[]) row.getArray(column).getArray()));
    }

    @Override
    public String code() {
        return SignalKind.LOCK_WAITS.code();
    }

    @Override
    public List<Measurement> read(Connection connection) throws SQLException {
        List<Row> rows = WAITING.on(connection, Row::of);
        long behind = rows.isEmpty()
                ? 0
                : behind(
                        rows.getFirst().allOurs(),
                        rows.stream().map(Row::waiting).toList());
        return List.of(Measurement.of("limit", "", behind, behind == 1 ? "1 session" : behind + " sessions"));
    }

    /** How many of the others wait behind one of ours, at however many removes. */
    static long behind(Set<Integer> ours, List<Waiting> all) {
        Set<Integer> inTheWay = new HashSet<>(ours);
        Set<Integer> behind = new HashSet<>();
        boolean more = true;
        while (more) {
            more = false;
            for (Waiting w : all) {
                if (!behind.contains(w.pid()) && w.blockers().stream().anyMatch(inTheWay::contains)) {
                    behind.add(w.pid());
                    inTheWay.add(w.pid());
                    more = true;
                }
            }
        }
        return all.stream().filter(w -> !w.ours() && behind.contains(w.pid())).count();
    }
}
