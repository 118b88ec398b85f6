package dev.sluice.run;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.job.Job;
import dev.sluice.testing.TestEngine;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.assertj.core.api.recursive.comparison.RecursiveComparisonConfiguration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A list of runs says of each what is said of it alone. */
@Timeout(60)
@Tag("database")
class GroupedStatusTest extends RunWishes {
    private static final RecursiveComparisonConfiguration BUT_FOR_AGES = RecursiveComparisonConfiguration.builder()
            .withIgnoredFieldsMatchingRegexes(".*[aA]geSeconds")
            .build();

    private final List<UUID> made = new ArrayList<>();

    private UUID queued(Job job) {
        UUID id = engine.queue(job).id();
        made.add(id);
        return id;
    }

    /** Stopped by a person after a few batches. */
    private UUID paused(String more) throws InterruptedException {
        table();
        UUID id = queued(plus(", throttle: { rows-per-second: 100 }" + more));
        TIME.atWait(3, nth -> engine.runs().pause(id, TestEngine.TESTER));
        assertThat(engine.execute(id).state()).isEqualTo("paused");
        TIME.free();
        return id;
    }

    /** As if other workers carried so many lanes of it. */
    private UUID running(int lanes, String hold) throws InterruptedException {
        UUID id = paused(", partitions: " + lanes);
        engine.db().run("DELETE FROM sluice.lane WHERE run_id = '" + id + "'");
        for (int lane = 0; lane < lanes; lane++) {
            engine.db()
                    .run(
                            "INSERT INTO sluice.lane (run_id, lane, owner, rows_per_second, next_batch_size, stripes, pace,"
                                    + " hold, wanted_at, heartbeat_at) VALUES ('" + id + "', " + lane + ", 'w" + lane
                                    + "', 1"
                                    + lane + ", 10" + lane + ", 1, 0." + (25 + 25 * lane) + ", " + hold
                                    + ", now(), now() - interval '7 s')");
        }
        engine.db()
                .run(
                        "UPDATE sluice.run SET state = 'running', resume_state = NULL, estimated_rows = 1000 WHERE id = '"
                                + id + "'",
                        "DELETE FROM sluice.run_time WHERE run_id = '" + id + "'",
                        "INSERT INTO sluice.run_time VALUES ('" + id + "', 1" + lanes + ", 2, 3)");
        return id;
    }

    private UUID ended(String state, Job job) throws InterruptedException {
        UUID id = queued(job);
        assertThat(engine.execute(id).state()).isEqualTo(state);
        return id;
    }

    @Test
    void isThatOfEachRunByItself() throws Exception {
        UUID queued = queued(plus(""));
        UUID paused = paused("");
        UUID three = running(3, "NULL");
        UUID held = running(
                2,
                "'{\"reason\":\"replica-lag\",\"message\":\"far\",\"value\":7,\"limit\":5,"
                        + "\"since\":\"2026-01-01T00:00:00Z\",\"ageSeconds\":1}'");
        table();
        UUID failed = ended("failed", fill("1 / (id - 900)"));
        table();
        UUID succeeded = ended("succeeded", fill("id"));
        table();
        UUID incomplete = ended(
                "incomplete",
                TestEngine.job("job: " + table + "\nmigrate: { table: " + table
                        + ", set: { m: id }, where: m IS NULL }\nswitch: { verify: m < 990 }"));

        List<RunStatus> list = engine.runs().list(Optional.empty(), 500).reversed();
        assertThat(list).extracting(RunStatus::id).containsExactlyElementsOf(made);
        assertThat(engine.runs().latest()).extracting(RunStatus::id).containsExactlyInAnyOrderElementsOf(made);
        for (List<RunStatus> all : List.of(list, engine.runs().latest())) {
            for (RunStatus one : all) {
                assertThat(one)
                        .usingRecursiveComparison(BUT_FOR_AGES)
                        .isEqualTo(engine.runs().find(one.id()).orElseThrow());
            }
        }

        assertThat(of(list, queued).limitedBy())
                .extracting(l -> known(l).reason())
                .isEqualTo("queued");
        assertThat(known(of(list, paused).limitedBy()).reason()).isEqualTo("paused");
        assertThat(known(of(list, paused).limitedBy()).since().toString())
                .isEqualTo(event(paused, "run.paused"))
                .isNotEqualTo(event(three, "run.paused"));
        assertThat(of(list, three).lanes()).extracting(RunStatus.Lane::worker).containsExactly("w0", "w1", "w2");
        assertThat(of(list, three).limitedBy()).isNull();
        assertThat(of(list, three).progress().rowsPerSecond()).isEqualTo(10 + 11 + 12);
        assertThat(of(list, three).progress().batchSize()).isEqualTo(102);
        assertThat(of(list, three).progress().partitions()).isEqualTo(3);
        assertThat(of(list, three).time()).isEqualTo(new RunStatus.TimeSpent(0.5, 13, 2, 3));
        assertThat(of(list, held).lanes()).hasSize(2);
        assertThat(of(list, held).time().workingSeconds()).isEqualTo(12);
        assertThat(known(of(list, held).limitedBy()).reason()).isEqualTo("replica-lag");
        assertThat(known(of(list, held).limitedBy()).ageSeconds()).isBetween(8.0, 60.0);
        assertThat(known(of(list, failed).failure()).row()).containsEntry("id", "900");
        assertThat(of(list, failed).progress().changed()).isEqualTo(899);
        assertThat(of(list, succeeded).progress().pass()).isEqualTo("verify");
        assertThat(of(list, succeeded).progress().changed()).isEqualTo(1000);
        assertThat(of(list, succeeded).progress().violations()).isZero();
        assertThat(of(list, incomplete).progress().violations()).isEqualTo(11);
        for (UUID id : made) {
            engine.db().run("UPDATE sluice.run SET state = 'cancelled' WHERE id = '" + id + "'");
        }
    }

    private static RunStatus of(List<RunStatus> all, UUID id) {
        return all.stream().filter(r -> r.id().equals(id)).findFirst().orElseThrow();
    }

    private static String event(UUID run, String action) {
        return engine.databases()
                .control()
                .sql()
                .fetchSingle("SELECT max(at) FROM sluice.event WHERE run_id = ? AND action = ?", run, action)
                .get(0, java.time.OffsetDateTime.class)
                .toInstant()
                .toString();
    }
}
