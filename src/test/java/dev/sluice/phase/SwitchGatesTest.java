package dev.sluice.phase;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fleet.Agreement;
import dev.sluice.fleet.Difference;
import dev.sluice.job.Job;
import dev.sluice.job.JobFile;
import dev.sluice.run.RunStatus;
import dev.sluice.testing.CountedStatements;
import dev.sluice.testing.HookedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import dev.sluice.testing.Wire;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Statuses and gates of many jobs on two databases, one of which may be away. */
@Timeout(60)
@Tag("database")
class SwitchGatesTest {
    private final TestPostgres.Fresh control = TestPostgres.create();
    private final TestPostgres.Fresh target = TestPostgres.create();
    private final Wire wire = new Wire(target);
    private final TestEngine engine = TestEngine.onTwo(wire.through(), control, new HookedTime());
    private final List<JobFile> files = new ArrayList<>();
    private final Agreement agreement = (sql, job) -> job.equals("differing")
            ? Optional.of(new Difference(job, Map.of("a", "1".repeat(64), "b", "2".repeat(64)), Duration.ofSeconds(9)))
            : Optional.empty();
    private final SwitchGate gates = new SwitchGate(
            () -> List.copyOf(files),
            engine.runs(),
            engine.databases(),
            agreement,
            Duration.ofHours(1),
            Optional.empty());

    @AfterEach
    void close() throws IOException {
        engine.close();
        wire.close();
    }

    private Job job(String name, String database) {
        (database.equals("main") ? target : control)
                .run(
                        "CREATE TABLE \"" + name + "\" (id bigint PRIMARY KEY, m int)",
                        "INSERT INTO \"" + name + "\" SELECT generate_series(1, 100)");
        return define(name, database, "id");
    }

    private Job define(String name, String database, String expression) {
        Job job = TestEngine.job("job: " + name + "\ndatabase: " + database + "\nmigrate: { table: \"" + name
                + "\", set: { m: " + expression + " }, where: m IS NULL }");
        files.removeIf(f -> f.stem().equals(name));
        files.add(new JobFile(name + ".yaml", Optional.of(job), List.of(), Map.of()));
        return job;
    }

    private void done(String name, String database) throws InterruptedException {
        RunStatus run = engine.execute(engine.queue(job(name, database)).id());
        assertThat(run.state()).isEqualTo("succeeded");
    }

    private static List<String> codes(Map<String, GateAnswer> answers, String job) {
        return Optional.ofNullable(answers.get(job)).orElseThrow().reasons().stream()
                .map(GateAnswer.Reason::code)
                .toList();
    }

    @Test
    void answerAsEachGateDoesByItself() throws Exception {
        done("one", "main");
        done("two", "main");
        done("here", "control");
        done("differing", "main");
        done("changed", "main");
        define("changed", "main", "id + 1");
        job("never", "main");
        engine.queue(job("live", "main"));
        List<String> names = List.of("one", "two", "here", "differing", "changed", "never", "live", "nobody");
        Map<String, GateAnswer> all = gates.switchGates(names);
        Map<String, GateAnswer> each = new HashMap<>();
        for (String name : names.subList(0, 7)) {
            each.put(name, gates.switchGate(name));
        }
        assertThat(all).isEqualTo(each).doesNotContainKey("nobody");
        assertThat(all.values())
                .filteredOn(GateAnswer::open)
                .extracting(GateAnswer::job)
                .containsExactlyInAnyOrder("one", "two", "here");
        assertThat(codes(all, "differing")).containsExactly("definitions-differ");
        assertThat(codes(all, "changed")).containsExactly("definition-changed");
        assertThat(codes(all, "never")).containsExactly("never-run");
        assertThat(codes(all, "live")).containsExactly("run-live");
    }

    @Test
    void aDatabaseThatDoesNotAnswerIsAskedOnceAndConcernsItsOwnJobsAlone() throws Exception {
        List<String> there = List.of("one", "two", "three");
        for (String name : there) {
            done(name, "main");
        }
        done("here", "control");
        List<String> names = List.of("one", "two", "three", "here");
        CountedStatements tries = CountedStatements.of(engine.databases().get("main"));
        wire.cut();
        List<RunStatus> seen = new ArrayList<>();
        assertThat(tries.during(() -> seen.addAll(engine.runs().latest()))).hasSize(1);
        assertAway(seen);
        Map<String, GateAnswer> answers = new HashMap<>();
        assertThat(tries.during(() -> answers.putAll(gates.switchGates(names)))).hasSize(1);
        assertThat(there).allSatisfy(job -> assertThat(codes(answers, job)).containsExactly("database-unavailable"));
        assertThat(codes(answers, "here")).isEmpty();
    }

    @Test
    void aDatabaseThatRefusesIsAskedOnceToo() throws Exception {
        for (String name : List.of("one", "two", "three")) {
            done(name, "main");
        }
        done("here", "control");
        target.run("ALTER TABLE sluice.pass RENAME TO hidden");
        CountedStatements tries = CountedStatements.of(engine.databases().get("main"));
        List<RunStatus> seen = new ArrayList<>();
        assertThat(tries.during(() -> seen.addAll(engine.runs().latest()))).hasSize(1);
        assertAway(seen);
    }

    private static void assertAway(List<RunStatus> seen) {
        assertThat(seen).hasSize(4).allSatisfy(run -> {
            boolean here = run.database().equals("control");
            assertThat(run.progress().isKnown()).isEqualTo(here);
            assertThat(run.limitedBy() == null ? "" : run.limitedBy().reason()).isEqualTo(here ? "" : "database-away");
        });
    }
}
