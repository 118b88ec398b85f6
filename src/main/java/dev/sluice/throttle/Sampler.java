package dev.sluice.throttle;

import dev.sluice.database.Database;
import dev.sluice.database.SqlFailure;
import dev.sluice.time.Time;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the signals of one database for all lanes of this worker on it, each about once a second and only while
 * somebody watches. What the reading costs the database is measured, and where it is over {@value SamplingCost#BUDGET}
 * of the time the sampler reads less often.
 *
 * <p>Safe for several threads. The signals of the database are read by one thread on one connection, one after another;
 * each signal of another place has a thread of its own.
 */
public final class Sampler implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Sampler.class);

    private static final Query NOTHING = new Query("SELECT 1");
    /** What cannot be read for want of something is asked for again after so long. */
    private static final Duration ASKED_AGAIN = Duration.ofMinutes(1);
    /** How long the threads rest between looks at what is due. */
    private static final Duration TICK = Duration.ofMillis(100);
    /** A reading that is older than so many of its intervals is stale; and than {@link #YOUNG}. */
    private static final int STALE_INTERVALS = 5;

    private static final Duration YOUNG = Duration.ofSeconds(5);
    /** What a source has learned, such as a baseline, is kept so long after the last lane has left: runs are paused. */
    private static final Duration REMEMBERED = Duration.ofMinutes(10);

    private final Database database;
    private final Time time;
    private final Map<Source, Watched> watched = new ConcurrentHashMap<>();
    private final AtomicInteger batches = new AtomicInteger();
    private final SamplingCost cost = new SamplingCost();
    private final SeenSignals seen = new SeenSignals();
    private final StoppableSleep sleep = new StoppableSleep();
    private final boolean threads;
    private @Nullable Thread thread;
    private volatile boolean closed;

    private Sampler(Database database, Time time, boolean threads) {
        this.database = database;
        this.time = time;
        this.threads = threads;
    }

    /** @param database whose pool gives a connection within a second or so, or says that it has none */
    static Sampler started(Database database, Time time) {
        return new Sampler(database, time, true);
    }

    /** One whose reading is done by {@link #readDue} alone, for tests that step time. */
    static Sampler byHand(Database database, Time time) {
        return new Sampler(database, time, false);
    }

    /** A source somebody watches, and what is known of it. */
    private static final class Watched {
        private final Source source;
        private volatile int watchers;
        /** It was asked what is missing, and nothing was. */
        private volatile boolean readable;

        private volatile long askedAt;
        /** When the last one who watched left. */
        private long left;

        private volatile SourceReading reading = new SourceReading.Pending();
        private volatile long first;
        private volatile long due;
        private volatile @Nullable StoppableSleep sleep;

        Watched(Source source, long now) {
            this.source = source;
            this.due = now;
            this.first = now;
        }

        /** Somebody watches who did not; what was read before is old, and a privilege may have been granted. */
        void begin(long now) {
            due = now;
            first = now;
            readable = false;
            reading = new SourceReading.Pending();
        }
    }

    /** A lane's interest in some sources; ends when it is closed. */
    public interface Watch extends AutoCloseable {
        @Override
        void close();
    }

    /** Has these read from now on, until the watch is closed. Those that are read already are shared. */
    public synchronized Watch watch(Collection<? extends Source> sources) {
        long now = time.nanos();
        watched.values().removeIf(w -> w.watchers == 0 && now - w.left > REMEMBERED.toNanos());
        List<Source> mine = List.copyOf(sources);
        for (Source source : mine) {
            Watched w = watched.computeIfAbsent(source, s -> new Watched(s, now));
            if (w.watchers++ == 0) {
                w.begin(now);
            }
            if (source instanceof RemoteSource remote && w.sleep == null && !closed) {
                StoppableSleep between = new StoppableSleep();
                w.sleep = between;
                Thread.ofVirtual().name("signal-" + source.code()).start(() -> readRemote(w, remote, between));
            }
        }
        if (threads && thread == null && !closed && mine.stream().anyMatch(s -> s instanceof DatabaseSource)) {
            thread = Thread.ofVirtual().name("sampler-" + database.name()).start(this::readDatabase);
        }
        return () -> release(mine);
    }

    private synchronized void release(List<Source> sources) {
        for (Source source : sources) {
            Watched w = watched.get(source);
            if (w == null || --w.watchers > 0) {
                continue;
            }
            w.left = time.nanos();
            StoppableSleep remote = w.sleep;
            if (remote != null) {
                watched.remove(source);
                remote.end();
            }
        }
    }

    /** The newest reading of a source that is watched; one that is too old is unknown. */
    public SourceReading reading(Source source) {
        Watched w = watched.get(source);
        if (w == null || w.watchers == 0) {
            throw new IllegalStateException("nobody watches " + source.code());
        }
        long now = time.nanos();
        long every = Math.max(source.every().toNanos(), source instanceof DatabaseSource ? cost.interval() : 0);
        long stale = Math.max(YOUNG.toNanos(), STALE_INTERVALS * every);
        return switch (w.reading) {
            case SourceReading.Known k
            when now - k.at() > stale ->
                new SourceReading.Unknown("not read for " + (now - k.at()) / 1_000_000_000L + " s", k.at());
            case SourceReading.Pending ignored
            when now - w.first > stale ->
                new SourceReading.Unknown("not read yet, after " + (now - w.first) / 1_000_000_000L + " s", w.first);
            case SourceReading r -> r;
        };
    }

    /** A batch of this worker begins on the database; the canary's quiet baseline is taken while there is none. */
    public void begins() {
        batches.incrementAndGet();
    }

    /** It is over. */
    public void ends() {
        batches.decrementAndGet();
    }

    /** Whether a batch of this worker is at work. */
    public boolean isBusy() {
        return batches.get() > 0;
    }

    /** Seconds the database has spent on being read, seen from here, the canary's commits apart. */
    double costSeconds() {
        return cost.seconds();
    }

    private void readDatabase() {
        do {
            readDue();
        } while (sleep.rest(time, TICK) && stillWatched());
    }

    private synchronized boolean stillWatched() {
        if (watched.values().stream().noneMatch(w -> w.watchers > 0 && w.source instanceof DatabaseSource)) {
            thread = null;
            return false;
        }
        return true;
    }

    /** Reads what is due of the database's own signals. */
    void readDue() {
        long now = time.nanos();
        List<Watched> due = watched.values().stream()
                .filter(w -> w.watchers > 0 && w.source instanceof DatabaseSource && w.due - now <= 0)
                .toList();
        if (due.isEmpty()) {
            return;
        }
        try (Connection connection = database.connect()) {
            cost.way(way(connection));
            due.forEach(w -> read(connection, w));
        } catch (SQLException | RuntimeException | Error e) {
            due.forEach(w -> failed(w, e));
        } finally {
            cost.endRound(watched.keySet());
            due.forEach(w -> w.due = now
                    + (w.reading instanceof SourceReading.Missing
                            ? ASKED_AGAIN.toNanos()
                            : Math.max(w.source.every().toNanos(), cost.interval())));
        }
    }

    /** Nanoseconds of the way to the server and back, since there is nothing to do there. */
    private long way(Connection connection) throws SQLException {
        long begin = time.nanos();
        NOTHING.single(connection, row -> row.getInt(1));
        return time.nanos() - begin;
    }

    private void read(Connection connection, Watched w) {
        DatabaseSource source = (DatabaseSource) w.source;
        long begin = time.nanos();
        try {
            if (!w.readable || begin - w.askedAt >= ASKED_AGAIN.toNanos()) {
                var need = source.missing(connection);
                w.readable = need.isEmpty();
                w.askedAt = begin;
                if (need.isPresent()) {
                    lacks(w, need.get());
                    return;
                }
            }
            known(w, source.read(connection));
        } catch (SQLException | RuntimeException | Error e) {
            failed(w, e);
        } finally {
            if (source.countsAsLoad()) {
                cost.add(source, time.nanos() - begin);
            }
        }
    }

    /** From the start on it is off; what could be read and no longer can, whoever watched it, is unknown. */
    private void lacks(Watched w, DatabaseSource.Need need) {
        String why = need.what() + " " + need.fix();
        if (seen.wasRead(w.source.code())) {
            unknown(w, why);
            return;
        }
        w.reading = new SourceReading.Missing(need);
        if (seen.isNew(w.source.code(), need)) {
            LOG.info(
                    "signal {} of database {} {}: {}",
                    w.source.code(),
                    database.name(),
                    ((DatabaseSource) w.source).whenMissing(),
                    why);
        }
    }

    private void readRemote(Watched w, RemoteSource source, StoppableSleep between) {
        do {
            try {
                known(w, source.read());
            } catch (IOException | SQLException | RuntimeException | Error e) {
                failed(w, e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        } while (between.rest(time, source.every()));
    }

    /** Whether nobody wants to know any more: a failure is one of the end then, and none of the signal. */
    private boolean isOver(Watched w) {
        return closed || w.sleep != null && watched.get(w.source) != w;
    }

    private void known(Watched w, List<Measurement> levels) {
        if (w.reading instanceof SourceReading.Unknown u && !isOver(w)) {
            LOG.info("signal {} of database {} is read again, after: {}", w.source.code(), database.name(), u.why());
        }
        seen.read(w.source.code());
        w.reading = new SourceReading.Known(levels, time.nanos());
    }

    private void failed(Watched w, Throwable e) {
        if (w.reading instanceof SourceReading.Missing || isOver(w)) {
            return; // it is off, and asked again what it lacks; or nobody is there to be told
        }
        unknown(w, SqlFailure.in(e).map(SqlFailure::toString).orElseGet(() -> String.valueOf(e.getMessage())));
    }

    private void unknown(Watched w, String why) {
        long since = switch (w.reading) {
            case SourceReading.Known k -> k.at();
            case SourceReading.Unknown u -> u.since();
            case SourceReading.Pending ignored -> w.first;
            case SourceReading.Missing ignored -> w.first;
        };
        if (!(w.reading instanceof SourceReading.Unknown)) {
            LOG.warn("signal {} of database {} cannot be read: {}", w.source.code(), database.name(), why);
        }
        w.reading = new SourceReading.Unknown(why, since);
    }

    @Override
    public synchronized void close() {
        closed = true;
        sleep.end();
        watched.values().forEach(w -> {
            StoppableSleep remote = w.sleep;
            if (remote != null) {
                remote.end();
            }
        });
    }
}
