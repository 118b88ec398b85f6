package dev.sluice.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.CountedStatements;
import dev.sluice.testing.TestTarget;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Where many runs stand, read at once, is where each of them stands by itself. */
@Timeout(60)
@Tag("database")
class RunStandingsTest {
    private static final String[] KINDS = {"migrate", "migrate", "sweep", "verify", "verify", "orphans"};

    private final TestTarget target = TestTarget.create(Duration.ofSeconds(1));
    private final RunStandings standings = new RunStandings(target.database());
    private final Random random = new Random(7);

    @AfterEach
    void close() {
        target.close();
    }

    /** Passes with a few checkpoints each, whose counts are all different; the last pass is the one it is in. */
    private int passes(UUID run, int count) {
        List<String> statements = new ArrayList<>();
        for (int pass = 0; pass < count; pass++) {
            String kind = pass == 0 ? "migrate" : KINDS[random.nextInt(KINDS.length)];
            boolean look = kind.equals("verify") || kind.equals("orphans");
            statements.add("INSERT INTO sluice.pass (run_id, pass, kind, round, started_at, finished_at) VALUES ('"
                    + run
                    + "', " + pass + ", '" + kind + "', " + (look && random.nextBoolean() ? "1" : "NULL") + ", now(), "
                    + (random.nextBoolean() ? "now()" : "NULL") + ")");
            int partitions = random.nextInt(4);
            for (int partition = 0; partition < partitions; partition++) {
                statements.add(checkpoint(run, pass, partition));
            }
        }
        target.db().run(statements.toArray(String[]::new));
        return count - 1;
    }

    private String checkpoint(UUID run, int pass, int partition) {
        return "INSERT INTO sluice.checkpoint (run_id, pass, partition, lane, relation, relation_oid, key_columns, token,"
                + " wanted, target_millis, batch_size, stripes, stripe, scanned, changed, hot, matching, violations,"
                + " batches, unchanged, collapsed, shared_keys, done, gone, database_stopped, updated_at) SELECT '"
                + run + "', "
                + pass + ", " + partition + ", 0, 't', 1, '{id bigint}', gen_random_uuid(), 'running', 100, 10, 1, 0, "
                + random.ints(9, 0, 1_000_000)
                        .mapToObj(Integer::toString)
                        .reduce((a, b) -> a + ", " + b)
                        .orElseThrow()
                + ", " + random.nextBoolean() + ", false, false, now() - " + random.nextInt(100_000)
                + " * interval '1 s'";
    }

    private static void assertSame(Counts counts, Counts expected) {
        assertThat(counts)
                .usingRecursiveComparison()
                .withComparatorForFields(
                        (Double a, Double b) -> a == null || b == null
                                ? Boolean.compare(a == null, b == null)
                                : Math.abs(a - b) < 30 ? 0 : Double.compare(a, b),
                        "ageSeconds")
                .isEqualTo(expected);
    }

    @Test
    void areWhatEachSaysByItself() {
        Map<UUID, Integer> runs = new LinkedHashMap<>();
        for (int i = 0; i < 60; i++) {
            UUID run = i % 10 == 9 ? UUID.randomUUID() : target.mandated();
            if (i % 3 == 1) {
                target.mandate().tune(run, new Tuning(100 + i, 1000 + i, i, 1L << i, 0.5));
            }
            // one that has not begun, and one whose target has lost the pass that the control database knows
            runs.put(run, i % 10 == 0 ? 0 : passes(run, 1 + random.nextInt(9)) + (i % 10 == 8 ? 1 : 0));
        }
        Map<UUID, RunStanding> all = standings.of(runs);
        assertThat(all).hasSameSizeAs(runs);
        Checkpoints checkpoints = target.checkpoints();
        runs.forEach((run, pass) -> {
            RunStanding one = Objects.requireNonNull(all.get(run));
            assertThat(one.pass()).isEqualTo(checkpoints.pass(run, pass));
            assertSame(one.now(), checkpoints.counts(run, pass));
            assertSame(one.changes(), checkpoints.changes(run));
            assertSame(one.first(), checkpoints.firstWalks(run));
            assertThat(one.changes().left().unchanged()).isEqualTo(unchanged(run));
            assertThat(one.violations()).isEqualTo(violations(run, pass));
            assertThat(one.tuning()).isEqualTo(target.mandate().read(run).map(DesiredState.Mandate::tuning));
        });
        assertThat(all.values()).anySatisfy(s -> assertThat(s.violations()).isPositive());
        assertThat(all.values()).anySatisfy(s -> assertThat(s.tuning()).isEmpty());
        assertThat(all.values()).filteredOn(s -> s.pass().isEmpty()).hasSize(12);
    }

    /** Of first walks alone: a sweep meets those rows once more. */
    private long unchanged(UUID run) {
        return Long.parseLong(target.db()
                .value("SELECT coalesce(sum(unchanged), 0) FROM sluice.checkpoint JOIN sluice.pass USING (run_id, pass)"
                        + " WHERE kind = 'migrate' AND run_id = '" + run + "'"));
    }

    /** Of the look that this pass is part of; none in a pass that changes rows. */
    private long violations(UUID run, int pass) {
        return Long.parseLong(target.db()
                .value("SELECT coalesce(sum(c.violations), 0) FROM sluice.pass n"
                        + " JOIN sluice.pass p ON p.run_id = n.run_id AND p.kind = n.kind"
                        + " AND coalesce(p.round, p.pass) = coalesce(n.round, n.pass)"
                        + " JOIN sluice.checkpoint c ON c.run_id = p.run_id AND c.pass = p.pass"
                        + " WHERE n.kind IN ('verify', 'orphans') AND n.run_id = '" + run + "' AND n.pass = " + pass));
    }

    @Test
    void areReadByTwoStatementsAndByIndexes() {
        target.db()
                .run(
                        "INSERT INTO sluice.pass (run_id, pass, kind, started_at) SELECT gen_random_uuid(), 0, 'migrate',"
                                + " now() FROM generate_series(1, 5000)",
                        "INSERT INTO sluice.checkpoint (run_id, pass, partition, lane, relation, relation_oid,"
                                + " key_columns, token, wanted, target_millis, batch_size, stripes, stripe, scanned,"
                                + " changed, hot, matching, violations, batches, done, gone, database_stopped, updated_at) SELECT"
                                + " run_id, 0, i, 0, 't', 1, '{id bigint}', gen_random_uuid(), 'running', 1, 1, 1, 0, 0, 0,"
                                + " 0, 0, 0, 0, true, false, false, now() FROM sluice.pass, generate_series(1, 4) i",
                        "VACUUM ANALYZE sluice.pass, sluice.checkpoint");
        Map<UUID, Integer> runs = new LinkedHashMap<>();
        target.database()
                .sql()
                .fetch("SELECT run_id FROM sluice.pass LIMIT 50")
                .forEach(r -> runs.put(r.get(0, UUID.class), 0));
        List<String> sent = CountedStatements.of(target.database()).during(() -> standings.of(runs));
        assertThat(sent).hasSize(2);
        String ids = "'{"
                + String.join(",", runs.keySet().stream().map(UUID::toString).toList()) + "}'";
        String plan = String.join(
                "\n",
                target.database()
                        .sql()
                        .fetch("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) "
                                + sent.getFirst().replace("?", ids))
                        .getValues(0, String.class));
        assertThat(plan).doesNotContain("Seq Scan").containsPattern("shared hit=\\d{1,3}\\b");
    }
}
