package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fleet.Definitions;
import dev.sluice.fleet.FleetJobs;
import dev.sluice.fleet.Member;
import dev.sluice.fleet.Membership;
import dev.sluice.job.Job;
import dev.sluice.job.JobFile;
import dev.sluice.job.Jobs;
import dev.sluice.metrics.Meters;
import dev.sluice.metrics.RunMeters;
import dev.sluice.phase.SwitchGate;
import dev.sluice.run.RunState;
import dev.sluice.testing.CountedStatements;
import dev.sluice.testing.TestEngine;
import dev.sluice.time.Time;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is asked of the databases for a report, or for a list, is as much for many jobs as for a few. */
@Timeout(120)
@Tag("database")
class ReportedStatementsTest {
    private final TestEngine engine = TestEngine.create();
    private final List<JobFile> here = new CopyOnWriteArrayList<>();
    private final List<JobFile> there = new CopyOnWriteArrayList<>();
    private final Meters meters = new Meters();
    private final Definitions others = worker("there", there);
    private final Definitions mine = worker("here", here);
    private final Jobs jobs = new FleetJobs(() -> List.copyOf(here), mine);
    private final MetricsReporter reporter = new MetricsReporter(
            engine.runs(),
            new SwitchGate(jobs, engine.runs(), engine.databases(), mine, Duration.ofHours(1), Optional.empty()),
            new RunMeters(
                    meters.registry(),
                    Arrays.stream(RunState.values()).map(RunState::code).toList()),
            () -> true,
            jobs::good);
    private int made;

    private Definitions worker(String name, List<JobFile> folder) {
        Member member = Member.starting(name, "1.2.3", Duration.ofSeconds(2), Duration.ofHours(1));
        new Membership(engine.databases().control(), member, Time.system()).beat();
        return new Definitions(engine.databases().control(), member, () -> List.copyOf(folder));
    }

    @AfterEach
    void close() {
        engine.close();
        meters.close();
    }

    /** Ten jobs of each sort there is for every fifty; those that succeeded are defined here or by another worker. */
    private void upTo(int count) throws InterruptedException {
        while (made < count) {
            int n = made++;
            String name = "job-" + n;
            engine.db()
                    .run(
                            "CREATE TABLE t" + n + " (id bigint PRIMARY KEY, m int)",
                            "INSERT INTO t" + n + " SELECT generate_series(1, 10)");
            Job job = TestEngine.job(
                    "job: " + name + "\nmigrate: { table: t" + n + ", set: { m: id }, where: m IS NULL }");
            (n % 10 == 4 ? there : here).add(new JobFile(name + ".yaml", Optional.of(job), List.of(), Map.of()));
            UUID run = engine.queue(job).id();
            switch (n % 5) {
                case 0 -> {}
                case 1 -> {
                    set(run, "running");
                    engine.db()
                            .run(
                                    "UPDATE sluice.lane SET owner = 'a', heartbeat_at = now() - interval '1 min'"
                                            + " WHERE run_id = '" + run + "'",
                                    "INSERT INTO sluice.lane (run_id, lane, owner, wanted_at, heartbeat_at)"
                                            + " VALUES ('" + run + "', 1, 'b', now(), now() - interval '1 min')");
                }
                case 2 -> engine.runs().pause(run, TestEngine.TESTER);
                case 3 -> set(run, "failed");
                default -> engine.execute(run);
            }
        }
        others.publish();
        mine.publish();
    }

    private void set(UUID run, String state) {
        engine.db().run("UPDATE sluice.run SET state = '" + state + "' WHERE id = '" + run + "'");
    }

    /** Statements of one round of the reporter, of the newest runs as the list of jobs has them, and of a list. */
    private record Asked(int report, int latest, int list) {}

    private Asked asked(CountedStatements counted, int runs) {
        return new Asked(
                counted.during(reporter::report).size(),
                counted.during(() -> assertThat(engine.runs().latest()).hasSize(runs))
                        .size(),
                counted.during(() -> assertThat(engine.runs().list(Optional.empty(), 500))
                                .hasSize(runs))
                        .size());
    }

    @Test
    void areAsManyForFiftyJobsAsForFive() throws Exception {
        CountedStatements counted = CountedStatements.of(engine.databases());
        upTo(5);
        Asked few = asked(counted, 5);
        upTo(50);
        Asked many = asked(counted, 50);
        assertThat(many).isEqualTo(few);
        assertThat(few.report()).isLessThan(20);
        // all of it was found out: whose gate is open, of a job that another worker defines too, and whose is not
        String shown = meters.scrape();
        for (int n = 0; n < 50; n++) {
            assertThat(shown)
                    .contains("sluice_gate_open{database=\"main\",gate=\"switch\",job=\"job-" + n + "\"} "
                            + (n % 5 == 4 ? "1" : "0"));
        }
    }
}
