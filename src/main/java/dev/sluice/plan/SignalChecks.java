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

/** Signals of the throttle that cannot be read here, each with what to run or to set. */
final class SignalChecks {
    private final PostgresSignals signals;
    private final ThrottleSettings throttle;
    private final Findings findings;

    SignalChecks(PostgresSignals signals, ThrottleSettings throttle, Findings findings) {
        this.signals = signals;
        this.throttle = throttle;
        this.findings = findings;
    }

    /** @param table oid of the job's table */
    void run(Connection connection, long table) throws SQLException {
        for (Map.Entry<SignalKind, DatabaseSource> signal :
                signals.of(throttle, table).entrySet()) {
            Optional<Need> missing = signal.getValue().missing(connection);
            missing.ifPresent(need -> tell(signal.getKey(), need));
        }
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
