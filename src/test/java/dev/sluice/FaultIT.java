package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.time.Time;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The promises, under fire: three workers carry two runs at a time in lanes while workers are killed, frozen and
 * stopped, connections and the server go down, partitions are split and runs cancelled and resumed. In the end every
 * row was changed exactly once.
 *
 * <p>Kinds, order, victims and moments come from a seed that is printed; {@code -Dsluice.faults.seed} takes it again.
 * {@code mvn verify -Pfaults} is the long form.
 */
class FaultIT {
    private static final boolean LONG = Boolean.getBoolean("sluice.faults.long");
    private static final int LEAST = LONG ? 12 : 1;
    private static final int FAULTS = LONG ? 110 : 9;
    private static final int ROWS = LONG ? 300_000 : 20_000;
    private static final int MILLIS_PER_ROW = 3;
    private static final Duration TAKEOVER = Duration.ofSeconds(3);
    /** What is not overcome by then has to explain itself. */
    private static final Duration SLOW = TAKEOVER.plusSeconds(4);
    /** A takeover that needs so long, on however busy a machine, has waited for something that it should not. */
    private static final Duration TOO_SLOW = TAKEOVER.plusSeconds(22);

    private final Time time = Time.system();
    private final FaultTally tally = new FaultTally();
    private final List<Recovery> open = new ArrayList<>();
    private final Set<Recovery> explained = new HashSet<>();

    @TempDir
    private Path folder;

    @Test
    void everyRowIsChangedExactlyOnceWhateverHappensToSeveralWorkers() throws Exception {
        long seed = Long.getLong("sluice.faults.seed", new Random().nextLong());
        System.out.println("FaultIT: -Dsluice.faults.seed=" + seed);
        Random random = new Random(seed);
        Deque<Fault> plan = new ArrayDeque<>(Fault.draw(FAULTS, LEAST, random));
        long begun = time.nanos();
        try (Cluster cluster = Cluster.start(
                folder,
                3,
                Map.of(
                        "SLUICE_WORKER_TAKEOVER", TAKEOVER.toSeconds() + "s",
                        // as the documentation advises: no longer than the takeover
                        "SLUICE_DATABASES_MAIN_IDLE_IN_TRANSACTION_TIMEOUT", TAKEOVER.toSeconds() + "s",
                        "SLUICE_WORKER_HEARTBEAT", "500ms",
                        "SLUICE_WORKER_CHECK_IN", "500ms",
                        "SLUICE_WORKER_THREADS", "40",
                        "SLUICE_WORKER_JOBS_REFRESH", "200ms",
                        "SLUICE_DATABASES_MAIN_POOL_SIZE", "20"))) {
            try {
                assertThat(cluster.db().value("SHOW fsync")).isEqualTo("on");
                assertThat(cluster.db().value("SHOW synchronous_commit")).isEqualTo("on");
                PlusOneRuns runs = new PlusOneRuns(cluster, ROWS);
                runs.slow(MILLIS_PER_ROW);
                Strikes strikes = new Strikes(cluster, runs, random, time);
                while (!plan.isEmpty()) {
                    awaitWork(cluster, runs);
                    time.pause(Duration.ofMillis(random.nextInt(1000)));
                    boolean hit = strike(strikes, plan.getFirst());
                    if (hit) {
                        plan.removeFirst();
                    }
                    // the next fault strikes before this one is overcome, now and then
                    if (!hit || open.size() > 1 || random.nextInt(4) > 0) {
                        settle(cluster);
                    }
                }
                settle(cluster);
                finish(runs);
                report(runs, Duration.ofNanos(time.nanos() - begun));
                runs.check();
                assertThat(tally.striped())
                        .as("faults that struck a range in stripes, between two of them")
                        .isPositive();
                for (Fault fault : Fault.values()) {
                    assertThat(tally.count(fault)).as(fault.toString()).isGreaterThanOrEqualTo(LEAST);
                }
                assertThat(tally.slowestTakeover()).as("slowest takeover").isLessThan(TOO_SLOW);
            } catch (Throwable e) {
                System.out.println(tally.table());
                System.out.println(cluster.lastWords());
                throw e;
            }
        }
    }

    /** Two runs are at work at any time. */
    private static void awaitWork(Cluster cluster, PlusOneRuns runs) throws Exception {
        while (runs.live().size() < 2) {
            runs.begin();
        }
        await("two runs at work")
                .atMost(Cluster.PATIENCE)
                .until(() -> runs.live().size() < 2
                        || Part.held(cluster.db()).stream()
                                        .map(Part::run)
                                        .distinct()
                                        .count()
                                == 2);
    }

    private boolean strike(Strikes strikes, Fault fault) throws Exception {
        Optional<Recovery> hit = strikes.strike(fault);
        hit.ifPresentOrElse(open::add, tally::missed);
        return hit.isPresent();
    }

    /** Until the engine works on whatever was struck, and every worker is back. */
    private void settle(Cluster cluster) throws Exception {
        boolean crowded = open.size() > 1;
        while (!open.isEmpty()) {
            List<Recovery> over = new ArrayList<>();
            await("work goes on after " + open)
                    .atMost(Cluster.PATIENCE)
                    .pollInterval(Duration.ofMillis(50))
                    .until(() -> {
                        for (Recovery r : open) {
                            if (r.isOver(Part.all(cluster.db(), r.since()))) {
                                over.add(r);
                            } else if (r.age(time.nanos()).compareTo(SLOW) > 0 && explained.add(r)) {
                                System.out.println("FaultIT: " + r.fault() + " is not overcome after " + SLOW + ":\n"
                                        + LookAround.at(cluster.db()));
                            }
                        }
                        return !over.isEmpty();
                    });
            for (Recovery r : over) {
                tally.overcome(r, r.age(time.nanos()), crowded);
                open.remove(r);
                r.afterwards().run();
            }
        }
        cluster.awaitReady();
    }

    /** Every kind of key had its run, and every run ends. */
    private static void finish(PlusOneRuns runs) throws Exception {
        runs.slow(0);
        while (runs.count() < PlusOneRuns.KINDS) {
            runs.begin();
        }
        await("every run ends").atMost(Cluster.PATIENCE).until(() -> runs.live().isEmpty());
    }

    private void report(PlusOneRuns runs, Duration took) {
        System.out.println("FaultIT:\n" + tally.table());
        System.out.printf(
                "FaultIT: %d rows in %d runs, %d rows lost, %d rows doubled; %d splits of partitions in all; slowest takeover"
                        + " %s; %d s in all%n",
                runs.rowsInAll(),
                runs.count(),
                runs.rows("n < 1"),
                runs.rows("n > 1"),
                runs.splits(),
                FaultTally.seconds(tally.slowestTakeover()),
                took.toSeconds());
    }
}
