package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.database.Database;
import dev.sluice.database.DatabaseSettings;
import dev.sluice.job.SignalKind;
import dev.sluice.job.ThrottleSettings;
import dev.sluice.testing.Primary;
import dev.sluice.testing.TestPostgres.Fresh;
import dev.sluice.time.Time;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the signals cost the server, by its own account: planning and execution, with a hundred idle sessions on it. */
class SignalCostIT {
    private static final int IDLE = 100;
    private static final int READINGS = 200;
    /** Of database time a second, as the design has it. */
    private static final double BUDGET_MS = 5;

    private static final String SPENT =
            "SELECT coalesce(sum(total_plan_time + total_exec_time), 0)::text FROM pg_stat_statements"
                    + " WHERE userid = 'sampler'::regrole AND query NOT LIKE '%pg_logical_emit_message(%'";

    @Test
    void allSignalsTogetherStayWithinTheirBudget(@TempDir Path folder) throws SQLException {
        try (Primary primary = Primary.start(
                folder,
                Map.of(
                        "shared_preload_libraries", "pg_stat_statements",
                        "pg_stat_statements.track_planning", "on",
                        "archive_mode", "on",
                        "archive_command", "true"))) {
            Fresh postgres = primary.database();
            postgres.run(
                    "CREATE EXTENSION pg_stat_statements",
                    "CREATE ROLE sampler LOGIN",
                    "GRANT pg_monitor TO sampler",
                    "SELECT pg_create_physical_replication_slot('s', true)",
                    "CREATE TABLE t (id int) PARTITION BY RANGE (id)",
                    "DO $$ BEGIN FOR i IN 1 .. 50 LOOP EXECUTE format('CREATE TABLE t%s PARTITION OF t FOR VALUES"
                            + " FROM (%s) TO (%s)', i, i, i + 1); END LOOP; END $$");
            primary.replica("r");
            try (SignalSessions sessions = new SignalSessions(postgres)) {
                for (int i = 0; i < IDLE; i++) {
                    SignalSessions.pid(sessions.app("idle"));
                }
                double perSecond = measure(postgres);
                System.out.printf(
                        Locale.ROOT,
                        "SignalCostIT: all signals take %.2f ms of database time a second beside %d idle sessions%n",
                        perSecond,
                        IDLE);
                assertThat(perSecond).isPositive().isLessThan(BUDGET_MS);
            }
        }
    }

    /** Milliseconds a second, each signal as often as it wants to be read; the canary's commit apart. */
    private static double measure(Fresh postgres) throws SQLException {
        var signals = new PostgresSignals(Time.system(), "main", OptionalInt.of(2), () -> false);
        long table = Long.parseLong(postgres.value("SELECT 't'::regclass::oid::bigint"));
        double sum = 0;
        try (Database database = Database.open(DatabaseSettings.of("main", postgres.url(), "sampler", ""));
                Connection connection = database.pool().getConnection()) {
            for (var signal : signals.of(ThrottleSettings.DEFAULT, table).entrySet()) {
                if (signal.getKey() != SignalKind.COMMIT_LATENCY) {
                    sum += measure(postgres, connection, signal.getValue());
                }
            }
            sum += measure(postgres, connection, new Activity(Time.system()));
        }
        return sum;
    }

    private static double measure(Fresh postgres, Connection connection, DatabaseSource source) throws SQLException {
        postgres.run("SELECT pg_stat_statements_reset()");
        for (int i = 0; i < READINGS; i++) {
            source.read(connection);
        }
        double each = Double.parseDouble(postgres.value(SPENT)) / READINGS;
        double seconds = source.every().toMillis() / 1000.0;
        System.out.printf(Locale.ROOT, "SignalCostIT: %s %.3f ms every %.2f s%n", source.code(), each, seconds);
        return each / seconds;
    }
}
