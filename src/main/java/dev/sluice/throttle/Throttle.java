package dev.sluice.throttle;

import dev.sluice.job.ThrottleSettings;
import dev.sluice.time.Time;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Says when a lane may begin its next batch: the signals its job watches give a pressure, the pressure gives the pace,
 * and after each batch the lane rests until it has worked no more than its pace allows. A budget of the server's cores
 * bounds the pace, whatever the signals say. At a slow pace batches are short, too: what is felt of a batch is felt as
 * long as it lasts, so little work is spread and not done in one piece. One for each carried lane; used by its thread,
 * read by others.
 */
public final class Throttle implements AutoCloseable {
    /** A rest or a hold is looked at again after so long at most. */
    private static final Duration LOOK = Duration.ofMillis(500);
    /** How often the pace follows the pressure: as often as the signals are read. */
    private static final long STEP = Duration.ofSeconds(1).toNanos();
    /** A shorter rest is left out: it would be lost in the inaccuracy of a wait. */
    private static final long SHORTEST_REST = Duration.ofMillis(1).toNanos();

    /** What surrounds the rows of a batch is a fifth of it at most. */
    private static final double WORTH = 5;

    private final Sampler sampler;
    private final LatestVerdicts latest;
    private final OpeningHours hours;
    private final Optional<Bounded> bounded;
    private final PaceSettings settings;
    private final Time time;
    private final Sampler.Watch watch;
    /** Who counts others, while there is a budget. */
    private Optional<Sampler.Watch> counting = Optional.empty();
    /** Empty where there is none. */
    private Optional<CoreBudget> budget;

    private final CoreTime charges;
    private final FixedCost fixed = new FixedCost();
    private volatile Pace pace;
    /** The pace that the budget allows; 1 without one. */
    private volatile double most = 1;

    /** Busy sessions of others, and when they were counted; empty while that is not known. */
    private Optional<Counted> others = Optional.empty();
    /** What the present hold began for, or goes on for. */
    private @Nullable Verdict holder;

    private boolean looked;
    private long lookedAt;
    private long stepped;
    /** By the last batch. */
    private long worked;
    /** What of it counts against the budget. */
    private long charged;

    private long since;
    private boolean idle;
    private boolean held;

    /**
     * A budget, and what tells how much of it may be used.
     *
     * @param activity counts the busy sessions of others
     */
    record Bounded(CoreBudget budget, Source activity) {}

    private record Counted(double sessions, long at) {}

    /**
     * Begins to watch, bounded by no budget.
     *
     * @param monitored signals; none for a job that is not throttled by any
     * @param hours when it may work
     */
    public Throttle(
            Sampler sampler, List<MonitoredSignal> monitored, OpeningHours hours, PaceSettings settings, Time time) {
        this(sampler, monitored, hours, Optional.empty(), settings, time);
    }

    /**
     * Begins to watch.
     *
     * @param monitored signals; none for a job that is not throttled by any
     * @param hours when it may work
     * @param bounded what bounds the pace
     */
    Throttle(
            Sampler sampler,
            List<MonitoredSignal> monitored,
            OpeningHours hours,
            Optional<Bounded> bounded,
            PaceSettings settings,
            Time time) {
        this.sampler = sampler;
        this.latest = new LatestVerdicts(sampler, monitored, LOOK);
        this.hours = hours;
        this.bounded = bounded;
        this.settings = settings;
        this.time = time;
        this.charges = new CoreTime(settings.shortestBatch());
        this.pace = monitored.isEmpty() ? Pace.full() : Pace.start(settings);
        this.stepped = time.nanos();
        this.since = stepped;
        this.watch =
                sampler.watch(monitored.stream().map(MonitoredSignal::source).toList());
        this.budget = Optional.empty();
        tune(null);
    }

    /**
     * The budget of cores from now on; without effect on one that has none and nothing to count others with.
     *
     * @param cores share of the server's cores, 0 for no bound, null for what it began with
     */
    public void tune(@Nullable Double cores) {
        Optional<CoreBudget> wanted = bounded.map(Bounded::budget)
                .map(b -> cores == null ? b : b.with(cores == 0 ? ThrottleSettings.ALL_CORES : cores))
                .filter(b -> !b.isNone());
        if (wanted.equals(budget)) {
            return;
        }
        budget = wanted;
        if (wanted.isEmpty()) {
            counting.ifPresent(Sampler.Watch::close);
            counting = Optional.empty();
            most = 1;
        } else if (counting.isEmpty()) {
            counting = bounded.map(b -> sampler.watch(List.of(b.activity())));
        }
    }

    /**
     * Whether the next batch may begin; where not, ask again after the wait that is named.
     *
     * @param lanes at work on the database, of all runs and workers, at least 1
     */
    public Permit ask(int lanes) {
        Permit permit = decide(lanes);
        held = permit instanceof Permit.Denied denied && denied.held();
        return permit;
    }

    private Permit decide(int lanes) {
        long now = time.nanos();
        if (!looked || now - lookedAt >= STEP) {
            look(now);
        }
        Optional<Permit> closed = closed();
        if (closed.isPresent()) {
            return closed.get();
        }
        Optional<Permit> unknown = latest.unknown(now);
        if (unknown.isPresent()) {
            return unknown.get();
        }
        if (Double.isNaN(pace.pressure()) ? !latest.isEmpty() : now - stepped >= STEP) {
            if (lookedAt != now) {
                look(now); // the first reading has come since
            }
            step(now);
        }
        if (pace.held()) {
            return holding();
        }
        bound(lanes);
        long byPace = rest(worked, pace.share());
        long byBudget = rest(charged, most);
        long owed = Math.max(byPace, byBudget) - (now - since);
        if (owed < SHORTEST_REST) {
            return new Permit.Granted();
        }
        Duration rest = Duration.ofNanos(Math.min(owed, LOOK.toNanos()));
        return byBudget > byPace ? restingForTheBudget(lanes, rest) : restingForThePace(rest);
    }

    /** After so much work, in nanoseconds too. */
    private static long rest(long worked, double share) {
        return (long) (worked * (1 / share - 1));
    }

    private void bound(int lanes) {
        budget.ifPresent(b -> {
            others = bounded.map(w -> sampler.reading(w.activity())).flatMap(Throttle::counted);
            most = b.pace(sessions(), lanes);
            if (most < pace.share()) {
                idle = true; // the pace is not what limits the lane, so it does not grow
            }
        });
    }

    private static Optional<Counted> counted(SourceReading reading) {
        return reading instanceof SourceReading.Known known && !known.levels().isEmpty()
                ? Optional.of(new Counted(known.levels().getFirst().value(), known.at()))
                : Optional.empty();
    }

    private double sessions() {
        return others.map(Counted::sessions).orElse(Double.NaN);
    }

    private Permit restingForTheBudget(int lanes, Duration rest) {
        CoreBudget cores = budget.orElseThrow();
        Double busy = others.map(o -> o.sessions() / cores.cores()).orElse(null);
        Double age = others.map(o -> age(o.at())).orElse(null);
        String least = cores.isExceeded(sessions(), lanes) ? ", which is the least a lane has" : "";
        String text = paceText(most) + least + ": " + cores.text(sessions());
        return new Permit.Denied(CoreBudget.CODE, text, busy, cores.now(sessions()), age, rest, false);
    }

    private Permit restingForThePace(Duration rest) {
        String text = paceText(pace.share());
        Optional<LatestVerdicts.Found> presses = pace.pressure() >= settings.calm() ? latest.worst() : Optional.empty();
        return presses.map(p -> denied(p, text + ": " + p.verdict().text(), rest, false))
                .orElseGet(() -> new Permit.Denied("pace", text + ", growing", null, null, null, rest, false));
    }

    private static String paceText(double share) {
        return "at " + Amount.share(share) + " pace";
    }

    /** What holds, with its newest reading: that may be good again, and has to stay so for a while. */
    private Permit holding() {
        Verdict by = holder;
        if (by == null) {
            return new Permit.Denied("pace", "", null, null, null, LOOK, true);
        }
        Optional<LatestVerdicts.Found> newest = latest.of(by.code());
        String text = newest.map(n -> n.verdict().text()).orElse(by.code() + " gives no number now");
        String rest = newest.isPresent() && newest.get().verdict().isOver()
                ? ""
                : ", until it has been good for " + settings.goodFor().toSeconds() + " s";
        return newest.map(n -> denied(n, text + rest, LOOK, true))
                .orElseGet(() -> new Permit.Denied(by.code(), text + rest, null, by.limit(), null, LOOK, true));
    }

    private Permit.Denied denied(LatestVerdicts.Found by, String text, Duration length, boolean held) {
        Verdict verdict = by.verdict();
        return new Permit.Denied(verdict.code(), text, verdict.value(), verdict.limit(), age(by.at()), length, held);
    }

    private double age(long at) {
        return (time.nanos() - at) / 1e9;
    }

    private Optional<Permit> closed() {
        return hours.closed(time.now()).map(closed -> {
            Duration left = Duration.between(time.now(), closed.until());
            return new Permit.Denied(
                    "windows",
                    "outside of its windows; " + closed.text(),
                    null,
                    null,
                    null,
                    left.compareTo(LOOK) < 0 ? left : LOOK,
                    true);
        });
    }

    private void look(long now) {
        latest.look();
        looked = true;
        lookedAt = now;
    }

    private void step(long now) {
        Verdict presses = latest.worst().map(LatestVerdicts.Found::verdict).orElse(null);
        boolean hard = presses != null && presses.hard();
        double pressure = presses == null ? 0 : presses.pressure();
        pace = pace.after(pressure, hard, (now - stepped) / 1e9, idle, most, settings);
        if (pace.held() && presses != null && (hard || pressure >= settings.limit())) {
            holder = presses;
        }
        stepped = now;
        idle = false;
    }

    /** A batch begins. */
    public void begins() {
        sampler.begins();
    }

    /**
     * The batch is over.
     *
     * @param nanos that the server was at it
     */
    public void ends(long nanos) {
        sampler.ends();
        worked = nanos;
        charged = charges.charged(nanos);
        since = time.nanos();
    }

    /** Something else than the pace keeps the lane from its next batch, such as a limit of rows. */
    public void isLimitedElsewhere() {
        idle = true;
    }

    /** The share of time that may be worked, as of the last question; 0 in a hold, whatever holds. */
    public double share() {
        return held ? 0 : allowed();
    }

    /** What the signals and the budget both allow. */
    private double allowed() {
        return Math.min(pace.share(), most);
    }

    /**
     * How long a batch may last at this pace: the square of it, as a part of the target. A batch is felt as long as it
     * lasts: by whoever meets a long one, and by few where it is short. No shorter than
     * {@link PaceSettings#shortestBatch}, nor than five times of what surrounds its rows, which would cost more than it
     * does.
     *
     * @param target seconds of a batch at full speed
     */
    public double batchSeconds(double target) {
        double worthIt = Math.max(settings.shortestBatch().toNanos() / 1e9, WORTH * fixed.seconds());
        double least = Math.min(target, worthIt);
        double share = allowed();
        return Math.max(least, target * share * share);
    }

    /**
     * What a batch was like that was committed.
     *
     * @param keys walked
     * @param serverSeconds that the server was at it
     * @param around seconds besides, there and back
     */
    public void measured(long keys, double serverSeconds, double around) {
        fixed.measured(keys, serverSeconds, around);
    }

    /** What the signals said when they were last looked at. */
    public List<Verdict> verdicts() {
        return latest.verdicts();
    }

    @Override
    public void close() {
        watch.close();
        counting.ifPresent(Sampler.Watch::close);
    }
}
