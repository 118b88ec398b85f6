package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Alone;
import dev.sluice.time.Time;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three workers with the default settings: how soon others go on where one dies or is asked to stop. */
@Alone
class SeveralWorkersIT {
    private static final List<String> NAMES = List.of("w1", "w2", "w3");

    private final Time time = Time.system();

    @TempDir
    private Path folder;

    private Cluster cluster;
    private PlusOneRuns runs;

    @BeforeEach
    void begin() throws Exception {
        cluster = Cluster.start(folder, NAMES.size(), Map.of());
        runs = new PlusOneRuns(cluster, 60_000);
        runs.slow(10);
        runs.begin();
        await("every lane is at work")
                .atMost(Cluster.PATIENCE)
                .until(() -> Part.held(cluster.db()).stream()
                                .filter(p -> p.batches() > 0)
                                .count()
                        == 3);
    }

    @AfterEach
    void close() throws Exception {
        cluster.close();
    }

    /** What a worker holds, as it stands now. */
    private Recovery struck(String name, Fault fault) throws SQLException {
        String since = Part.now(cluster.db());
        List<Part> held =
                Part.held(cluster.db()).stream().filter(p -> p.isHeldBy(name)).toList();
        return new Recovery(fault, held, since, time.nanos(), true, () -> {});
    }

    /** How long it takes until others have committed a batch on all of that. */
    private Duration untilOthersGoOn(Recovery struck) {
        await("others go on with " + struck.before())
                .atMost(Cluster.PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> struck.isOver(Part.all(cluster.db(), struck.since())));
        return struck.age(time.nanos());
    }

    private void everyRowOnce() {
        runs.slow(0);
        await("the run ends").atMost(Cluster.PATIENCE).until(() -> runs.live().isEmpty());
        runs.check();
    }

    @Test
    void aDeadWorkersLanesAreWalkedElsewhereWithinFifteenSeconds() throws Exception {
        String name = NAMES.stream().filter(this::works).findFirst().orElseThrow();
        Recovery struck = struck(name, Fault.KILL);
        cluster.worker(name).kill();
        Duration took = untilOthersGoOn(struck);
        System.out.println("SeveralWorkersIT: the lanes of a dead worker were walked elsewhere after " + took);
        assertThat(took).isLessThan(Duration.ofSeconds(15));
        everyRowOnce();
    }

    private boolean works(String name) {
        try {
            return Part.held(cluster.db()).stream().anyMatch(p -> p.isHeldBy(name));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As a deploy of new workers does it: a stop that took as long as a takeover, 10 s, would have lost its lanes. */
    @Test
    void workersAreRestartedOneAfterTheOtherWhileARunGoesOn() throws Exception {
        List<Duration> took = new ArrayList<>();
        for (String name : NAMES) {
            Recovery struck = struck(name, Fault.STOP);
            WorkerProcess worker = cluster.worker(name);
            worker.askToStop();
            if (!struck.before().isEmpty()) {
                took.add(untilOthersGoOn(struck));
            }
            assertThat(worker.stop()).isEqualTo(143);
            cluster.start(name);
            cluster.awaitReady();
        }
        System.out.println("SeveralWorkersIT: the lanes of a stopped worker were walked elsewhere after " + took);
        assertThat(took).isNotEmpty().allSatisfy(d -> assertThat(d).isLessThan(Duration.ofSeconds(9)));
        assertThat(runs.live()).as("runs that outlast the restarts").hasSize(1);
        everyRowOnce();
        assertThat(cluster.db().value("SELECT count(*) FROM sluice.event WHERE action = 'run.failed'"))
                .isEqualTo("0");
    }
}
