package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.database.Database;
import dev.sluice.database.DatabaseSettings;
import dev.sluice.job.SignalKind;
import dev.sluice.job.SignalSettings;
import dev.sluice.job.ThrottleSettings;
import dev.sluice.testing.TestPostgres;
import dev.sluice.throttle.DatabaseSource.Need;
import dev.sluice.time.Time;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a role needs for the signals; when what is printed is run, it has it. */
class SignalAccessTest {
    private static final Set<SignalKind> NEED_STATS = Set.of(
            SignalKind.REPLICA_LAG, SignalKind.ACTIVE_SESSIONS, SignalKind.OLDEST_TRANSACTION, SignalKind.AUTOVACUUM);

    private final TestPostgres.Fresh postgres = TestPostgres.create();
    private final String role = "Signals " + postgres.url().replaceAll(".*/", "");
    private final PostgresSignals signals = new PostgresSignals(Time.system(), "main", OptionalInt.of(4), () -> false);
    private long table;

    @BeforeEach
    void role() {
        postgres.run("CREATE ROLE \"" + role + "\" LOGIN PASSWORD 'x'", "CREATE TABLE t (id int PRIMARY KEY)");
        table = Long.parseLong(postgres.value("SELECT 't'::regclass::oid"));
    }

    @AfterEach
    void noRole() {
        postgres.run("DROP OWNED BY \"" + role + "\"", "DROP ROLE \"" + role + "\"");
    }

    /** A session as the sampler has it. */
    private Map<SignalKind, Need> missing(Map<SignalKind, DatabaseSource> sources) throws SQLException {
        Map<SignalKind, Need> missing = new EnumMap<>(SignalKind.class);
        try (Database database = Database.open(DatabaseSettings.of("main", postgres.url(), role, "x"));
                Connection connection = database.pool().getConnection()) {
            for (var source : sources.entrySet()) {
                source.getValue().missing(connection).ifPresent(need -> missing.put(source.getKey(), need));
            }
        }
        return missing;
    }

    private Map<SignalKind, DatabaseSource> all() {
        return signals.of(ThrottleSettings.DEFAULT, table);
    }

    @Test
    void anOrdinaryRoleIsToldTheGrant() throws SQLException {
        Map<SignalKind, Need> missing = missing(all());
        assertThat(missing.keySet()).isEqualTo(NEED_STATS);
        assertThat(missing.values()).allSatisfy(need -> {
            assertThat(need.what())
                    .startsWith("Role \"" + role + "\" may not see ")
                    .endsWith(".");
            assertThat(need.fix()).isEqualTo("GRANT pg_read_all_stats TO \"" + role + "\";");
        });
        postgres.run(missing.values().iterator().next().fix());
        assertThat(missing(all())).isEmpty();
    }

    @Test
    void aMemberOfPgMonitorNeedsNothingMore() throws SQLException {
        postgres.run("GRANT pg_monitor TO \"" + role + "\"");
        assertThat(missing(all())).isEmpty();
    }

    @Test
    void aRoleThatDoesNotInheritHasNothing() throws SQLException {
        postgres.run("ALTER ROLE \"" + role + "\" NOINHERIT", "GRANT pg_monitor TO \"" + role + "\"");
        assertThat(missing(all()).keySet()).isEqualTo(NEED_STATS);
    }

    @Test
    void theCanaryNeedsItsFunction() throws SQLException {
        String flush = postgres.version() < 17 ? "" : ", boolean";
        postgres.run(
                "REVOKE EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text" + flush + ") FROM PUBLIC");
        Map<SignalKind, DatabaseSource> canary =
                Map.of(SignalKind.COMMIT_LATENCY, signals.of(SignalKind.COMMIT_LATENCY, table));
        Need need = Optional.ofNullable(missing(canary).get(SignalKind.COMMIT_LATENCY))
                .orElseThrow();
        assertThat(need.what()).contains("pg_logical_emit_message");
        postgres.run(need.fix());
        assertThat(missing(canary)).isEmpty();
    }

    @Test
    void coresThatNobodyToldAreAskedForWhereTheServerIsElsewhere() throws SQLException {
        postgres.run("GRANT pg_monitor TO \"" + role + "\"");
        DatabaseSource unknown = new ActiveSessions("crm", OptionalInt.empty());
        boolean near = postgres.value("SELECT inet_server_addr() <<= '127.0.0.0/8' OR inet_server_addr() = '::1'")
                .equals("t");
        Map<SignalKind, Need> missing = missing(Map.of(SignalKind.ACTIVE_SESSIONS, unknown));
        if (near) {
            assertThat(missing).isEmpty();
        } else {
            // a container of this machine has an address of its own
            assertThat(missing.values())
                    .singleElement()
                    .satisfies(
                            need -> assertThat(need.fix()).isEqualTo("set databases.crm.cores in the configuration."));
        }
    }

    /** What a role without privileges can read it reads, on a session that is pinned as all are. */
    @Test
    void everySignalIsReadAndJudged() throws SQLException {
        try (Database database = Database.open(DatabaseSettings.of("main", postgres.url(), role, "x"));
                Connection connection = database.pool().getConnection()) {
            for (var source : all().entrySet()) {
                SignalKind kind = source.getKey();
                for (int i = 0; i < 7; i++) { // from the sixth on with a plan that the server keeps
                    List<Measurement> levels = source.getValue().read(connection);
                    var verdict = SignalEvaluator.of(kind, SignalSettings.byDefault(kind), levels);
                    verdict.ifPresent(v -> assertThat(v.text()).startsWith(kind.code() + " "));
                }
                assertThat(source.getValue().code()).isEqualTo(kind.code());
            }
        }
    }

    @Test
    void twoThatReadTheSameAreEqual() {
        Map<SignalKind, DatabaseSource> here = all();
        Map<SignalKind, DatabaseSource> there = new PostgresSignals(
                        Time.system(), "main", OptionalInt.of(4), () -> true)
                .of(ThrottleSettings.DEFAULT, table);
        assertThat(here.keySet()).containsExactly(SignalKind.values());
        assertThat(here).isEqualTo(there).hasSameHashCodeAs(there);
        assertThat(Set.copyOf(here.values())).hasSize(SignalKind.values().length);
        for (SignalKind kind : SignalKind.values()) {
            boolean ofTheTable = kind == SignalKind.DEAD_TUPLES || kind == SignalKind.AUTOVACUUM;
            assertThat(signals.of(kind, table + 1).equals(here.get(kind)))
                    .as(kind.code())
                    .isEqualTo(!ofTheTable);
        }
        assertThat(new ActiveSessions("main", OptionalInt.of(4)))
                .isNotEqualTo(new ActiveSessions("main", OptionalInt.of(8)));
    }

    @Test
    void whatAJobDoesNotHeedIsNotRead() {
        var off = new SignalSettings(false, true, SignalKind.CHECKPOINTS.limits(), Set.of(), true);
        var without = new ThrottleSettings(
                true,
                Optional.empty(),
                OptionalLong.empty(),
                OptionalDouble.empty(),
                Map.of(SignalKind.CHECKPOINTS, off),
                List.of(),
                List.of());
        assertThat(signals.of(without, table))
                .hasSize(SignalKind.values().length - 1)
                .doesNotContainKey(SignalKind.CHECKPOINTS);
        var none = new ThrottleSettings(
                false, Optional.empty(), OptionalLong.empty(), OptionalDouble.empty(), Map.of(), List.of(), List.of());
        assertThat(signals.of(none, table)).isEmpty();
    }
}
