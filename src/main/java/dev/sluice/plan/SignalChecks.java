package dev.sluice.plan;

import dev.sluice.job.SignalKind;
import dev.sluice.job.SignalSettings;
import dev.sluice.job.ThrottleSettings;
import dev.sluice.throttle.DatabaseSource;
import dev.sluice.throttle.DatabaseSource.Need;
import dev.sluice.throttle.PostgresSignals;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** What the throttle cannot read here: signals, and what its budget of cores uses; each with what to run or to set. */
final class SignalChecks {
    private static final String CORES = "migrate.throttle.cores";

    private final String database;
    private final PostgresSignals signals;
    private final ThrottleSettings throttle;
    private final double cores;
    private final Findings findings;

    /**
     * @param database its name in the configuration, for the fix
     * @param cores share of the server's cores for job files that say nothing
     */
    SignalChecks(String database, PostgresSignals signals, ThrottleSettings throttle, double cores, Findings findings) {
        this.database = database;
        this.signals = signals;
        this.throttle = throttle;
        this.cores = cores;
        this.findings = findings;
    }

    /**
     * The part of its time that a lane which has the database for itself may work, above 0 and up to 1.
     *
     * @param alone where nobody else is at work
     * @param besideOthers where others are, all the time
     */
    record Paces(double alone, double besideOthers) {
        static final Paces FULL = new Paces(1, 1);
    }

    /** @param table oid of the job's table */
    Paces run(Connection connection, long table) throws SQLException {
        for (Map.Entry<SignalKind, DatabaseSource> signal :
                signals.of(throttle, table).entrySet()) {
            Optional<Need> missing = signal.getValue().missing(connection);
            missing.ifPresent(need -> tell(signal.getKey(), need));
        }
        OptionalDouble budget = throttle.budget(cores);
        if (budget.isEmpty()) {
            return Paces.FULL;
        }
        double besideOthers = signals.paceBesideOthers(connection, budget.getAsDouble());
        boolean blind = budget.getAsDouble() < 1 && budget(connection);
        return new Paces(blind ? besideOthers : 1, besideOthers);
    }

    /**
     * What the budget of cores does not know: it slows the run down then, and never says that it could do better.
     *
     * @return whether it cannot tell if others are at work
     */
    private boolean budget(Connection connection) throws SQLException {
        Optional<Need> blind = signals.activity().missing(connection);
        blind.ifPresent(need -> findings.warn(
                "budget-blind",
                CORES,
                "The budget of cores cannot tell an idle server from a busy one. " + need.what()
                        + " So it is kept all the time, as if others were at work.",
                need.fix()));
        if (signals.cores(connection).isEmpty()) {
            findings.warn(
                    "budget-assumed",
                    CORES,
                    "The budget of cores takes the server for one of " + PostgresSignals.ASSUMED
                            + " cores. PostgreSQL does not tell how many its machine has.",
                    "set databases." + database + ".cores in the configuration.");
        }
        if (signals.coresAreInferred(connection)) {
            findings.info(
                    "cores-inferred",
                    CORES,
                    "The server is one of Amazon's, and its max_worker_processes says that it has "
                            + signals.cores(connection).orElseThrow() + " cores. Where that is wrong, set databases."
                            + database + ".cores in the configuration.");
        }
        return blind.isPresent();
    }

    private void tell(SignalKind kind, Need need) {
        SignalSettings settings = throttle.of(kind);
        String key = "migrate.throttle." + kind.code();
        String fact = "Signal " + kind.code() + " cannot be read. " + need.what();
        if (settings.stated() && settings.holdsWhenUnknown()) {
            findings.refuse(
                    "signal-unreadable",
                    key,
                    fact + " The job file asks for it and does not say `on-unknown: ignore`, so the run would hold"
                            + " without end.",
                    need.fix());
        } else {
            findings.warn("signal-off", key, fact + " The run goes on without it.", need.fix());
        }
    }
}
