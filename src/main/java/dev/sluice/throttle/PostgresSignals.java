package dev.sluice.throttle;

import dev.sluice.job.SignalKind;
import dev.sluice.job.ThrottleSettings;
import dev.sluice.time.Time;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;

/** Makes the sources of the signals of one PostgreSQL. */
public final class PostgresSignals {
    /** Cores that the budget takes a server to have whose cores are not known. */
    public static final int ASSUMED = CoreBudget.ASSUMED;

    private final Time time;
    private final String database;
    private final OptionalInt cores;
    private final BooleanSupplier busy;

    /**
     * @param time measures
     * @param database its name in the configuration
     * @param cores of its server, where the configuration has them
     * @param busy whether a batch of this worker is in flight on the database
     */
    public PostgresSignals(Time time, String database, OptionalInt cores, BooleanSupplier busy) {
        this.time = time;
        this.database = database;
        this.cores = cores;
        this.busy = busy;
    }

    /**
     * Those that a job watches, each new and with nothing read yet.
     *
     * @param settings of the job
     * @param table oid of the table it works on
     */
    public Map<SignalKind, DatabaseSource> of(ThrottleSettings settings, long table) {
        Map<SignalKind, DatabaseSource> sources = new EnumMap<>(SignalKind.class);
        if (settings.on()) {
            for (SignalKind kind : SignalKind.values()) {
                if (settings.of(kind).on()) {
                    sources.put(kind, of(kind, table));
                }
            }
        }
        return Collections.unmodifiableMap(sources);
    }

    /** Whether the sessions of others can be seen, which the budget of cores uses; new. */
    public DatabaseSource activity() {
        return new Activity(time);
    }

    /** Cores of the server as the budget takes them; empty where they are not known and it assumes {@link #ASSUMED}. */
    public OptionalInt cores(Connection connection) throws SQLException {
        return cores.isPresent() ? cores : ServerCores.seen(connection);
    }

    /** Whether the cores are neither configured nor those of this machine, but inferred from the server's settings. */
    public boolean coresAreInferred(Connection connection) throws SQLException {
        return cores.isEmpty()
                && ServerCores.here(connection).isEmpty()
                && ServerCores.seen(connection).isPresent();
    }

    /**
     * The part of its time that a lane alone on the database may work where others are at work all the time.
     *
     * @param share of the cores, above 0, that the budget leaves, or the default's
     */
    public double paceBesideOthers(Connection connection, double share) throws SQLException {
        return CoreBudget.of(share, cores(connection)).pace(Double.NaN, 1);
    }

    /** The source of one signal, new. */
    public DatabaseSource of(SignalKind kind, long table) {
        return switch (kind) {
            case REPLICA_LAG -> new ReplicaLag(time);
            case COMMIT_LATENCY -> new CommitLatency(time, busy);
            case LOCK_WAITS -> new LockWaits();
            case ACTIVE_SESSIONS -> new ActiveSessions(database, cores);
            case REPLICATION_SLOTS -> new ReplicationSlots();
            case WAL_ARCHIVE -> new WalArchive();
            case OLDEST_TRANSACTION -> new OldestTransaction();
            case DEAD_TUPLES -> new DeadTuples(table);
            case AUTOVACUUM -> new Autovacuum(table);
            case CHECKPOINTS -> new RequestedCheckpoints(time);
        };
    }
}
