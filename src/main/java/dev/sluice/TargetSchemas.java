package dev.sluice;

import dev.sluice.database.Database;
import dev.sluice.database.Databases;
import dev.sluice.database.OwnSchema;
import dev.sluice.problem.Problem;
import dev.sluice.time.Time;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings Sluice's own tables up to date in every database but the control database, each as soon as it answers. Until
 * then only the jobs of that database are held: one that is away must not keep a worker from all others.
 */
final class TargetSchemas implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TargetSchemas.class);
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);
    /** What only a person can fix, such as a missing privilege, is tried again less often. */
    private static final Duration REFUSED_AGAIN = Duration.ofSeconds(10);
    /** How long a start waits for those that answer at once. */
    private static final Duration FIRST_LOOKS = Duration.ofSeconds(2);

    private final List<Database> targets;
    private final Time time;
    private final List<Thread> threads = new ArrayList<>();
    private final CountDownLatch looked;

    TargetSchemas(Databases databases, Time time) {
        this.targets =
                databases.all().stream().filter(d -> d != databases.control()).toList();
        this.time = time;
        this.looked = new CountDownLatch(targets.size());
        targets.forEach(d -> d.hold(new Problem(
                Problem.Kind.UNAVAILABLE, "not-looked-at", "Its schema sluice has not been looked at yet.")));
    }

    /** Begins, and returns when each was tried once, or after two seconds. */
    void start() throws InterruptedException {
        if (!threads.isEmpty()) {
            return; // the control database went away between two steps of the start
        }
        for (Database target : targets) {
            threads.add(
                    Thread.ofPlatform().daemon().name("schema-" + target.name()).start(() -> prepare(target)));
        }
        var unused = looked.await(FIRST_LOOKS.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void prepare(Database target) {
        boolean first = true;
        String told = "";
        while (!Thread.currentThread().isInterrupted()) {
            Duration pause = LOOK_AGAIN;
            try {
                OwnSchema.migrate(target, false);
                target.release();
                if (!told.isEmpty()) {
                    LOG.info("database {} is prepared; its jobs go on", target.name());
                }
                return;
            } catch (Problem e) {
                boolean passes = e.kind() == Problem.Kind.UNAVAILABLE;
                target.hold(e);
                if (!e.getMessage().equals(told)) {
                    LOG.atLevel(passes ? org.slf4j.event.Level.WARN : org.slf4j.event.Level.ERROR)
                            .log("the jobs of database {} hold: {}", target.name(), e.getMessage());
                }
                told = e.getMessage();
                pause = passes ? LOOK_AGAIN : REFUSED_AGAIN;
            } catch (RuntimeException | Error e) {
                LOG.error("schema sluice of database {} could not be looked at", target.name(), e);
                pause = REFUSED_AGAIN;
            } finally {
                if (first) {
                    looked.countDown();
                }
                first = false;
            }
            try {
                time.pause(pause);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    @Override
    public void close() {
        threads.forEach(Thread::interrupt);
    }
}
