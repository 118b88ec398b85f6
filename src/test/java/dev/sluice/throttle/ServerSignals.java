package dev.sluice.throttle;

import static dev.sluice.throttle.SignalSessions.awaitLevels;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.job.SignalKind;
import dev.sluice.job.SignalSettings;
import dev.sluice.job.ThrottleSettings;
import dev.sluice.testing.Primary;
import dev.sluice.testing.Programs;
import dev.sluice.testing.Replica;
import dev.sluice.testing.SteppedTime;
import dev.sluice.testing.TestPostgres.Fresh;
import dev.sluice.throttle.Measurement.Better;
import dev.sluice.throttle.Measurement.Scale;
import dev.sluice.time.Time;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Signals that need a server of their own to be driven: replicas, slots, an archive, checkpoints, a wraparound. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ServerSignals {
    private static final double MB = 1 << 20;

    private Primary primary;
    private Fresh postgres;
    private Connection sampler;

    @SuppressWarnings("NullAway.Init")
    ServerSignals() {}

    /** Of the version that is to be tested. */
    abstract Programs programs();

    @BeforeAll
    void server(@TempDir Path folder) throws SQLException {
        primary = Primary.start(
                programs(),
                folder,
                Map.of(
                        "archive_mode", "on",
                        "archive_command", "false",
                        "max_slot_wal_keep_size", "64MB",
                        "max_wal_size", "8GB",
                        "checkpoint_timeout", "1h",
                        "autovacuum_naptime", "1s"));
        postgres = primary.database();
        sampler = postgres.connect();
    }

    @AfterAll
    void end() throws SQLException {
        sampler.close();
        primary.close();
    }

    private int version() {
        return Integer.parseInt(postgres.value("SHOW server_version_num")) / 10_000;
    }

    /** Committed, so it is written when this returns. */
    private void write(int megabytes) {
        postgres.run("SELECT pg_logical_emit_message(true, 'test', repeat('x', 1048576)) FROM generate_series(1, "
                + megabytes + ")");
    }

    private static Verdict verdict(SignalKind kind, List<Measurement> levels) {
        return SignalEvaluator.of(kind, SignalSettings.byDefault(kind), levels).orElseThrow();
    }

    private static List<Measurement> of(String subject, List<Measurement> levels) {
        return levels.stream().filter(l -> l.subject().equals(subject)).toList();
    }

    @Test
    void aReplicaWhoseReplayIsPausedFallsBehindInTimeAndBytes() throws Exception {
        Replica replica = primary.replica("paused");
        var time = new SteppedTime();
        var lag = new ReplicaLag(time);
        await().until(() -> of("paused", lag.read(sampler)).stream().allMatch(l -> l.value() == 0));
        replica.pauseReplay();
        write(3);
        lag.read(sampler);
        time.step(Duration.ofSeconds(7));
        write(1);
        List<Measurement> behind = of("paused", lag.read(sampler));
        assertThat(behind).extracting(Measurement::measure).containsExactly("limit", "bytes");
        assertThat(behind.get(0).value()).isBetween(7.0, 8.0);
        assertThat(behind.get(1).value()).isBetween(4 * MB, 5 * MB);
        assertThat(verdict(SignalKind.REPLICA_LAG, behind).text()).startsWith("replica-lag of paused 7s >= 5s");
        // what the server itself says stands still
        assertThat(Double.parseDouble(postgres.value("SELECT coalesce(extract(epoch FROM replay_lag), 0)"
                        + " FROM pg_stat_replication WHERE application_name = 'paused'")))
                .isLessThan(5);
        replica.resumeReplay();
        List<Measurement> level = awaitLevels(
                () -> of("paused", lag.read(sampler)), l -> l.stream().allMatch(v -> v.value() == 0));
        assertThat(level.get(0).text()).isEqualTo("0s");
        replica.stop();
        awaitLevels(() -> of("paused", lag.read(sampler)), List::isEmpty);
    }

    @Test
    void replicasOfOneNameAreToldApartByTheirAddress() throws Exception {
        try (Replica first = primary.replica("twin");
                Replica second = primary.replica("twin")) {
            assertThat(first).isNotSameAs(second);
            assertThat(new ReplicaLag(new SteppedTime()).read(sampler))
                    .filteredOn(l -> l.measure().equals("bytes"))
                    .extracting(Measurement::subject)
                    .filteredOn(name -> name.startsWith("twin"))
                    .hasSize(2)
                    .allMatch(name -> name.equals("twin (127.0.0.1)") || name.equals("twin (::1)"));
        }
    }

    @Test
    void aSlotLeftBehindIsSeenUntilItIsLost() throws Exception {
        var slots = new ReplicationSlots();
        // a new slot reserves from the last checkpoint on
        postgres.run("CHECKPOINT", "SELECT pg_create_physical_replication_slot('left_behind', true)");
        write(1);
        Measurement level = of("left_behind", slots.read(sampler)).getFirst();
        assertThat(level.measure()).isEqualTo("limit");
        assertThat(level.better()).isEqualTo(Better.MORE);
        assertThat(level.value()).isBetween(40 * MB, 80 * MB);
        // the limit of 1 GB would never be met where 64 MB are kept at all
        assertThat(level.scale()).isEqualTo(new Scale.AtMost(32 * MB));
        assertThat(verdict(SignalKind.REPLICATION_SLOTS, List.of(level)).isOver())
                .isFalse();
        write(40);
        Verdict near = verdict(SignalKind.REPLICATION_SLOTS, of("left_behind", slots.read(sampler)));
        assertThat(near.isOver()).isTrue();
        assertThat(near.hard()).isFalse();
        assertThat(near.text()).startsWith("replication-slots of left_behind ").endsWith(" left <= 33.5MB");
        write(80);
        Verdict hard = verdict(SignalKind.REPLICATION_SLOTS, of("left_behind", slots.read(sampler)));
        assertThat(hard.hard()).isTrue();
        assertThat(hard.text()).contains("unreserved, whatever the limit");
        postgres.run("CHECKPOINT");
        assertThat(postgres.value("SELECT wal_status FROM pg_replication_slots WHERE slot_name = 'left_behind'"))
                .isEqualTo("lost");
        assertThat(of("left_behind", slots.read(sampler))).isEmpty();
        postgres.run("SELECT pg_drop_replication_slot('left_behind')");
    }

    @Test
    void aSlotWithoutEndIsHeldAgainstWhatItRetains() throws Exception {
        postgres.run("ALTER SYSTEM SET max_slot_wal_keep_size = -1", "SELECT pg_reload_conf()");
        try {
            await().until(() -> postgres.value("SHOW max_slot_wal_keep_size").equals("-1"));
            postgres.run("CHECKPOINT", "SELECT pg_create_physical_replication_slot('endless', true)");
            write(20);
            Measurement level =
                    of("endless", new ReplicationSlots().read(sampler)).getFirst();
            assertThat(level.measure()).isEqualTo("retained");
            assertThat(level.better()).isEqualTo(Better.LESS);
            assertThat(level.value()).isBetween(20 * MB, 40 * MB);
            assertThat(level.text()).endsWith("MB retained");
            // one that was never used reserves nothing
            postgres.run("SELECT pg_create_physical_replication_slot('unused')");
            assertThat(of("unused", new ReplicationSlots().read(sampler))).isEmpty();
        } finally {
            postgres.run(
                    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots",
                    "ALTER SYSTEM SET max_slot_wal_keep_size = '64MB'",
                    "SELECT pg_reload_conf()");
        }
        await().until(() -> postgres.value("SHOW max_slot_wal_keep_size").equals("64MB"));
    }

    @Test
    void anArchiveCommandThatFailsLetsWalWait() throws Exception {
        var archive = new WalArchive();
        archive.read(sampler);
        write(50);
        List<Measurement> waiting = awaitLevels(
                () -> archive.read(sampler),
                l -> l.getFirst().text().contains("failed") && l.getFirst().value() >= 48 * MB);
        assertThat(waiting.getFirst().value() % (16 * MB)).isZero();
        assertThat(waiting.getFirst().text()).endsWith("MB, the last attempt failed");
        postgres.run("ALTER SYSTEM SET archive_command = 'true'", "SELECT pg_reload_conf()", "SELECT pg_switch_wal()");
        List<Measurement> done =
                awaitLevels(() -> archive.read(sampler), l -> l.getFirst().value() == 0);
        assertThat(done.getFirst().text()).isEqualTo("0B");
        postgres.run("ALTER SYSTEM SET archive_command = 'false'", "SELECT pg_reload_conf()");
    }

    @Test
    void requestedCheckpointsAreCountedAndAResetIsNone() throws Exception {
        var time = new SteppedTime();
        var checkpoints = new RequestedCheckpoints(time);
        double before = checkpoints.read(sampler).getFirst().value();
        assertThat(before).isZero();
        for (int i = 0; i < 6; i++) {
            write(1);
            postgres.run("CHECKPOINT");
        }
        time.step(Duration.ofSeconds(10));
        List<Measurement> levels =
                awaitLevels(() -> checkpoints.read(sampler), l -> l.getFirst().value() >= 6);
        assertThat(verdict(SignalKind.CHECKPOINTS, levels).text()).isEqualTo("checkpoints 6 in 5m >= 5");
        postgres.run("SELECT pg_stat_reset_shared('" + (version() >= 17 ? "checkpointer" : "bgwriter") + "')");
        assertThat(checkpoints.read(sampler).getFirst().value()).isEqualTo(6);
        time.step(Duration.ofMinutes(6));
        assertThat(checkpoints.read(sampler).getFirst().value()).isZero();
    }

    @Test
    void aVacuumThatPreventsWraparoundHoldsWhateverTheLimit() throws Exception {
        postgres.run(
                "CREATE SCHEMA app",
                "CREATE TABLE app.old (id int, t text) WITH (autovacuum_freeze_max_age = 100000,"
                        + " autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)",
                "INSERT INTO app.old SELECT i, repeat('x', 1000) FROM generate_series(1, 20000) i",
                "SET synchronous_commit = off",
                "DO $$ BEGIN FOR i IN 1 .. 100100 LOOP PERFORM txid_current(); COMMIT; END LOOP; END $$");
        var vacuum = new Autovacuum(Long.parseLong(postgres.value("SELECT 'app.old'::regclass::oid::bigint")));
        List<Measurement> levels =
                awaitLevels(() -> vacuum.read(sampler), l -> l.stream().anyMatch(Measurement::hard));
        Verdict hard = verdict(SignalKind.AUTOVACUUM, levels);
        assertThat(hard.hard()).isTrue();
        assertThat(hard.text())
                .startsWith("autovacuum of app.old at work for ")
                .endsWith(" to prevent wraparound, whatever the limit");
    }

    @Test
    void aCommitThatWaitsForAReplicaThatIsAwayIsSlowAndNotForEver() throws Exception {
        var latency = new CommitLatency(Time.system(), () -> true);
        latency.read(sampler);
        postgres.run("ALTER SYSTEM SET synchronous_standby_names = 'away'", "SELECT pg_reload_conf()");
        try {
            // the session hears of it between two statements
            List<Measurement> levels =
                    awaitLevels(() -> latency.read(sampler), l -> l.getFirst().value() >= 1.9);
            assertThat(verdict(SignalKind.COMMIT_LATENCY, levels).isOver()).isTrue();
            assertThat(new LockWaits().read(sampler)).hasSize(1); // the session is still good
        } finally {
            postgres.run("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()");
        }
        awaitLevels(() -> latency.read(sampler), l -> l.getFirst().value() < 1);
    }

    @Test
    void everySignalIsReadOnThisVersion() throws SQLException {
        var signals = new PostgresSignals(Time.system(), "main", OptionalInt.of(2), () -> false);
        postgres.run("CREATE TABLE IF NOT EXISTS t (id int)");
        long table = Long.parseLong(postgres.value("SELECT 't'::regclass::oid::bigint"));
        assertThat(signals.activity().missing(sampler)).isEmpty();
        assertThat(signals.activity().read(sampler)).as("too few counts").isEmpty();
        for (var source : signals.of(ThrottleSettings.DEFAULT, table).entrySet()) {
            assertThat(source.getValue().missing(sampler))
                    .as(source.getKey().code())
                    .isEmpty();
            for (Measurement level : source.getValue().read(sampler)) {
                verdict(source.getKey(), List.of(level));
            }
        }
    }
}
