package dev.sluice.database;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The settings that Sluice needs, for its own statements and, but for what a job's SQL should see otherwise, for those
 * of a job.
 *
 * @param of limits of the database
 */
record SessionSettings(DatabaseSettings of) {
    private static final int TRANSACTION_TIMEOUT_SINCE = 170000;

    /**
     * For Sluice's own statements, which name what they speak of in full.
     *
     * @param version {@code server_version_num}
     */
    TransactionSettings session(int version) {
        Map<String, String> own = new LinkedHashMap<>();
        own.put("application_name", "sluice"); // a pooler may have added to it
        own.put("default_transaction_isolation", "read committed");
        own.put("search_path", "public");
        own.put("TimeZone", "UTC");
        own.putAll(limits(version));
        own.put("synchronous_commit", TransactionSettings.NOT_OFF);
        return new TransactionSettings(own);
    }

    /**
     * For statements with a job's SQL. {@code DateStyle} keeps the server's order of day and month; output is ISO.
     *
     * @param version {@code server_version_num}
     * @param path its {@code search_path}
     * @param zone its {@code TimeZone}
     */
    TransactionSettings job(int version, String path, String zone) {
        Map<String, String> job = new LinkedHashMap<>();
        job.put("application_name", "sluice");
        job.put("search_path", path);
        job.put("TimeZone", zone);
        job.putAll(limits(version));
        job.put("extra_float_digits", "1");
        job.put("IntervalStyle", "postgres");
        return new TransactionSettings(job);
    }

    private Map<String, String> limits(int version) {
        Map<String, String> limits = new LinkedHashMap<>();
        limits.put("DateStyle", "ISO");
        limits.put("row_security", "off");
        limits.put("enable_seqscan", "off");
        limits.put("enable_bitmapscan", "off");
        limits.put("jit", "off");
        limits.put("lock_timeout", millis(of.lockTimeout()));
        limits.put("statement_timeout", millis(of.statementTimeout()));
        limits.put("idle_in_transaction_session_timeout", millis(of.idleInTransactionTimeout()));
        if (version >= TRANSACTION_TIMEOUT_SINCE) {
            limits.put("transaction_timeout", millis(of.transactionTimeout()));
        }
        return limits;
    }

    private static String millis(java.time.Duration duration) {
        return Long.toString(duration.toMillis());
    }
}
