package dev.sluice.batch;

import dev.sluice.partition.KeySql;

/**
 * The end of a batch's statement: position and counts go to the checkpoint, and what was done comes back. {@code c} is
 * the checkpoint, {@code l} the claim (the checkpoint as it was locked), {@code w} what was counted, {@code b} the
 * boundary, {@code r} what was left.
 */
final class AdvanceSql {
    private static final String ANSWER = ", w.changed AS changed, w.hot - l.hot AS hot, w.matching AS matching, "
            + "w.violations AS violations, r.unchanged AS left_unchanged, r.collapsed AS left_collapsed, "
            + "r.shared AS left_shared, c.cursor_key, c.range_end, c.stripes, c.stripe, c.done, c.target_millis, "
            + "c.batch_size, c.rows_per_second, c.wal_per_hour, c.cores, "
            + "pg_wal_lsn_diff(pg_current_wal_insert_lsn(), l.wal)::bigint AS wal, "
            // auto-commit: the transaction began when the server got the statement
            + "extract(epoch FROM clock_timestamp() - transaction_timestamp())::float8 AS server_seconds";

    private AdvanceSql() {}

    static void write(BatchSql s, BatchSql.Form form, KeySql key) {
        s.add("UPDATE sluice.checkpoint AS c SET ");
        String upTo = switch (form) {
            case WHOLE, OPENING -> "CASE WHEN b.short THEN c.upper_key ELSE " + key.textArrayOf("b") + " END";
            case FURTHER -> "c.range_end";
        };
        String first = "CASE WHEN c.unchanged = 0 AND r.unchanged > 0 THEN ";
        String scanned = switch (form) {
            case WHOLE -> whole(s, key);
            case OPENING -> opening(s, key);
            case FURTHER -> further(s);
        };
        s.add(", scanned = c.scanned + " + scanned + ", changed = c.changed + w.changed, hot = c.hot + w.hot - l.hot, "
                + "matching = c.matching + w.matching, violations = c.violations + w.violations, "
                + "unchanged = c.unchanged + r.unchanged, unchanged_after = " + first
                + "c.cursor_key ELSE c.unchanged_after END, unchanged_up_to = " + first + upTo
                + " ELSE c.unchanged_up_to END, collapsed = c.collapsed + r.collapsed, "
                + "shared_keys = c.shared_keys + r.shared, "
                + "batches = c.batches + 1, updated_at = clock_timestamp() "
                + "FROM sluice_claim AS l CROSS JOIN sluice_counted AS w CROSS JOIN sluice_left AS r"
                + (form == BatchSql.Form.FURTHER ? "" : " CROSS JOIN sluice_boundary AS b") + " WHERE ");
        s.which("c.");
        s.add(" RETURNING " + scanned + " AS scanned" + ANSWER);
    }

    /**
     * A range at once: the cursor goes to its end; where there were fewer keys than asked for, the partition is done.
     */
    private static String whole(BatchSql s, KeySql key) {
        s.add("done = b.short, cursor_key = CASE WHEN b.short THEN c.upper_key ELSE " + key.textArrayOf("b") + " END");
        return "b.n";
    }

    /**
     * Stripe 0: the cursor stays, and range and stripes are laid down. A range with fewer keys than asked for goes up
     * to the partition's bound; without any key the partition is done.
     */
    private static String opening(BatchSql s, KeySql key) {
        s.add("done = (b.n = 0), cursor_key = CASE WHEN b.n = 0 THEN c.upper_key ELSE c.cursor_key END, "
                + "range_end = CASE WHEN b.n = 0 THEN NULL WHEN b.short THEN c.upper_key ELSE " + key.textArrayOf("b")
                + " END, range_keys = CASE WHEN b.n = 0 THEN NULL ELSE b.n END, "
                + "stripes = CASE WHEN b.n = 0 THEN 1 ELSE l.asked END, stripe = CASE WHEN b.n = 0 THEN 0 ELSE 1 END");
        return "b.n / l.asked";
    }

    /**
     * Stripe 1 and further: the last one moves the cursor to the end of the range. If that is the partition's bound,
     * the partition is done. Each counts its even share of the range's keys, so that together they count each key once.
     */
    private static String further(BatchSql s) {
        String last = "l.stripe + 1 = l.stripes";
        s.add("done = (" + last + " AND c.range_end = c.upper_key), cursor_key = CASE WHEN " + last
                + " THEN c.range_end ELSE c.cursor_key END, range_end = CASE WHEN " + last
                + " THEN NULL ELSE c.range_end END, range_keys = CASE WHEN " + last
                + " THEN NULL ELSE c.range_keys END, stripes = CASE WHEN " + last
                + " THEN 1 ELSE c.stripes END, stripe = CASE WHEN " + last + " THEN 0 ELSE c.stripe + 1 END");
        return "(l.range_keys * (l.stripe + 1) / l.stripes - l.range_keys * l.stripe / l.stripes)";
    }
}
