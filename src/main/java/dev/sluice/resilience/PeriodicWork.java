package dev.sluice.resilience;

import dev.sluice.database.SqlFailure;
import dev.sluice.problem.Problem;
import dev.sluice.time.DurationText;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Work that is done again and again, on one thread, until it is closed. Whatever a round throws, an {@link Error} too,
 * the next one comes, and the other work goes on. A failure is logged once, until a round succeeds.
 *
 * <p>An exception is how a database that is away looks, and passes with it. An error is not, so work whose last round
 * ended with one counts as {@link #lost}, and so does work that is not repeated any more.
 */
public final class PeriodicWork implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PeriodicWork.class);

    private final ScheduledExecutorService thread;
    private final List<Work> all = new CopyOnWriteArrayList<>();
    private volatile boolean closed;

    /** @param name of the thread */
    public PeriodicWork(String name) {
        this.thread = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().name(name).daemon().factory());
    }

    /**
     * Does it now, and then each time that this has passed since the last round.
     *
     * @param what as the log and {@link #lost} name it
     */
    public void every(Duration pause, String what, Runnable round) {
        every(Duration.ZERO, pause, what, round);
    }

    /**
     * Does it each time that this has passed since the last round, the first time after {@code first}.
     *
     * @param what as the log and {@link #lost} name it
     */
    public void every(Duration first, Duration pause, String what, Runnable round) {
        Work work = new Work(what, pause, round);
        work.future = thread.scheduleWithFixedDelay(work, first.toMillis(), pause.toMillis(), TimeUnit.MILLISECONDS);
        all.add(work);
    }

    /**
     * What this worker lacks: work that is not repeated any more, or whose last round ended with an error. For anybody
     * to read: names only.
     *
     * @return empty where all is well, and once it is closed
     */
    public Optional<String> lost() {
        return closed
                ? Optional.empty()
                : all.stream().map(Work::lost).flatMap(Optional::stream).findFirst();
    }

    @Override
    public void close() {
        closed = true;
        thread.shutdownNow();
    }

    /** One sort of work. Its rounds are run by the one thread; what came of them is read by others. */
    private static final class Work implements Runnable {
        private final String what;
        private final Duration pause;
        private final Runnable round;
        private volatile @Nullable Future<?> future;
        private volatile @Nullable Throwable last;

        Work(String what, Duration pause, Runnable round) {
            this.what = what;
            this.pause = pause;
            this.round = round;
        }

        @Override
        @SuppressWarnings("CatchingUnchecked") // whatever it is, the next round has to come
        public void run() {
            try {
                round.run();
                last = null;
            } catch (Throwable thrown) {
                Throwable before = last;
                last = thrown;
                if (before == null || before instanceof Exception && thrown instanceof Error) {
                    tell(thrown);
                }
            }
        }

        private void tell(Throwable thrown) {
            try {
                if (thrown instanceof Error) {
                    LOG.error("{}: failed, and is tried again every {}", what, DurationText.format(pause), thrown);
                } else {
                    LOG.warn("{}: {}", what, text(thrown));
                }
            } catch (Throwable noRoom) {
                last = thrown; // the log may fail for the same reason, such as want of memory
            }
        }

        private static String text(Throwable thrown) {
            return thrown instanceof Problem problem
                    ? problem.getMessage()
                    : SqlFailure.in(thrown).map(SqlFailure::toString).orElse(String.valueOf(thrown));
        }

        Optional<String> lost() {
            Future<?> now = future;
            if (now != null && now.isDone()) {
                return Optional.of(what + " has stopped; restart the worker.");
            }
            return last instanceof Error error
                    ? Optional.of(what + " failed with " + error.getClass().getSimpleName()
                            + "; the log has it. It is tried again.")
                    : Optional.empty();
        }
    }
}
