package dev.sluice.job;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * The signals of PostgreSQL, each on by default where it can be read. Limits are in base units: seconds, bytes, a
 * count, a ratio, or times of a baseline. {@code docs/throttle.md} says what each means.
 */
public enum SignalKind {
    /** how far replicas are behind, in time and in bytes of WAL */
    REPLICA_LAG("replica-lag", Unit.SECONDS, Map.of("limit", 5.0, "bytes", 1e9)),
    /** how long a tiny commit takes, in times of what it took while no batch was at work; and for that a floor */
    COMMIT_LATENCY("commit-latency", Unit.TIMES, Map.of("limit", 3.0, "floor", 0.010)),
    /** sessions that wait for locks behind a batch */
    LOCK_WAITS("lock-waits", Unit.COUNT, Map.of("limit", 2.0)),
    /** sessions of others at work, per core of the server */
    ACTIVE_SESSIONS("active-sessions", Unit.COUNT, Map.of("limit", 2.0)),
    /** WAL that slots may still retain before they are lost, and WAL that slots without such a limit retain */
    REPLICATION_SLOTS("replication-slots", Unit.BYTES, Map.of("limit", 1e9, "retained", 10e9)),
    /** WAL that waits for the archive */
    WAL_ARCHIVE("wal-archive", Unit.BYTES, Map.of("limit", 1e9)),
    /** age of the oldest transaction that keeps dead rows from being removed */
    OLDEST_TRANSACTION("oldest-transaction", Unit.SECONDS, Map.of("limit", 1800.0)),
    /** share of the table's rows that are dead */
    DEAD_TUPLES("dead-tuples", Unit.RATIO, Map.of("limit", 0.6)),
    /** for how long a vacuum has been at work on the table */
    AUTOVACUUM("autovacuum", Unit.SECONDS, Map.of("limit", 1800.0)),
    /** checkpoints of the last five minutes that the amount of WAL, and not the clock, asked for */
    CHECKPOINTS("checkpoints", Unit.COUNT, Map.of("limit", 5.0));

    /** In which a limit is written; {@link LimitText} says how. */
    public enum Unit {
        SECONDS,
        BYTES,
        COUNT,
        RATIO,
        TIMES
    }

    private final String code;
    private final Unit unit;
    private final Map<String, Double> limits;

    SignalKind(String code, Unit unit, Map<String, Double> limits) {
        this.code = code;
        this.unit = unit;
        this.limits = limits;
    }

    /** As job files, reasons and metrics name it. */
    public String code() {
        return code;
    }

    /** Of the key {@code limit}; every signal has that. */
    public Unit unit() {
        return unit;
    }

    /** The default limits by their keys in the job file. */
    public Map<String, Double> limits() {
        return limits;
    }

    /** In which a limit is written. */
    public Unit unit(String limit) {
        return switch (limit) {
            case "bytes", "retained" -> Unit.BYTES;
            case "floor" -> Unit.SECONDS;
            default -> unit;
        };
    }

    /** Whether {@code except} can name some of what it looks at: replicas, slots. */
    public boolean hasExceptions() {
        return this == REPLICA_LAG || this == REPLICATION_SLOTS;
    }

    /** The signal of this code. */
    public static Optional<SignalKind> of(String code) {
        return Arrays.stream(values()).filter(k -> k.code.equals(code)).findFirst();
    }
}
