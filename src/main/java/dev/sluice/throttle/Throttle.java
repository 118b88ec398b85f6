package dev.sluice.throttle;

import dev.sluice.time.Time;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Says when a lane may begin its next batch: the signals its job heeds give a pressure, the pressure gives the pace,
 * and after each batch the lane rests until it has worked no more than its pace allows. One for each carried lane; used
 * by its thread, read by others.
 */
public final class Throttle implements AutoCloseable {
    /** A rest or a hold is looked at again after so long at most. */
    private static final Duration LOOK = Duration.ofMillis(500);
    /** While the first samples are on their way. */
    private static final Duration MOMENT = Duration.ofMillis(20);
    /** How often the pace follows the pressure: as often as the signals are read. */
    private static final long STEP = Duration.ofSeconds(1).toNanos();
    /** A shorter rest is left out: it would be lost in the inaccuracy of a wait. */
    private static final long SHORTEST_REST = Duration.ofMillis(1).toNanos();

    private final Sampler sampler;
    private final List<Heeded> heeded;
    private final OpeningHours hours;
    private final Servo servo;
    private final Time time;
    private final Sampler.Watch watch;
    private volatile Pace pace;
    private volatile @Nullable Verdict worst;
    private volatile List<Verdict> verdicts = List.of();
    /** What the present hold began for, or goes on for. */
    private @Nullable Verdict holder;

    private volatile long judgedAt;
    private boolean looked;
    private long lookedAt;
    private long stepped;
    private long worked;
    private long since;
    private boolean idle;

    /**
     * Begins to watch.
     *
     * @param heeded signals; none for a job that is not throttled by any
     * @param hours when it may work
     */
    public Throttle(Sampler sampler, List<Heeded> heeded, OpeningHours hours, Servo servo, Time time) {
        this.sampler = sampler;
        this.heeded = List.copyOf(heeded);
        this.hours = hours;
        this.servo = servo;
        this.time = time;
        this.pace = heeded.isEmpty() ? Pace.full() : Pace.start(servo);
        this.stepped = time.nanos();
        this.since = stepped;
        this.watch = sampler.watch(heeded.stream().map(Heeded::source).toList());
    }

    /** Whether the next batch may begin; where not, ask again after the wait that is named. */
    public Leave ask() {
        long now = time.nanos();
        if (!looked || now - lookedAt >= STEP) {
            look(now);
        }
        Optional<Leave> closed = closed();
        if (closed.isPresent()) {
            return closed.get();
        }
        Optional<Leave> unknown = unknown();
        if (unknown.isPresent()) {
            return unknown.get();
        }
        if (Double.isNaN(pace.pressure()) ? !heeded.isEmpty() : now - stepped >= STEP) {
            if (lookedAt != now) {
                look(now); // the first reading has come since
            }
            step(now);
        }
        if (pace.held()) {
            String rest = holder != null && worst != holder
                    ? String.format(
                            Locale.ROOT,
                            ", until it has been good for %d s",
                            servo.goodFor().toSeconds())
                    : "";
            return denied(holder, reason -> reason + rest, LOOK, true);
        }
        long owed = (long) (worked * (1 / pace.share() - 1)) - (now - since);
        if (owed < SHORTEST_REST) {
            return new Leave.Granted();
        }
        Duration rest = Duration.ofNanos(Math.min(owed, LOOK.toNanos()));
        String share = String.format(Locale.ROOT, "at %.0f%% pace", pace.share() * 100);
        return denied(
                presses() ? worst : null,
                reason -> reason.isEmpty() ? share + ", growing" : share + ": " + reason,
                rest,
                false);
    }

    /** Whether the worst signal is why the pace does not grow. */
    private boolean presses() {
        return pace.pressure() >= servo.calm();
    }

    private Leave denied(@Nullable Verdict by, UnaryOperator<String> text, Duration length, boolean held) {
        return by == null
                ? new Leave.Denied("pace", text.apply(""), null, null, null, length, held)
                : new Leave.Denied(
                        by.code(),
                        text.apply(by.text()),
                        by.value(),
                        by.limit(),
                        (time.nanos() - judgedAt) / 1e9,
                        length,
                        held);
    }

    private Optional<Leave> closed() {
        return hours.closed(time.now()).map(closed -> {
            Duration left = Duration.between(time.now(), closed.until());
            return new Leave.Denied(
                    "windows",
                    "outside of its windows; " + closed.text(),
                    null,
                    null,
                    null,
                    left.compareTo(LOOK) < 0 ? left : LOOK,
                    true);
        });
    }

    /** The first signal that is not known and has to be. */
    private Optional<Leave> unknown() {
        for (Heeded h : heeded) {
            String code = h.source().code();
            switch (sampler.reading(h.source())) {
                case Reading.Known ignored -> {}
                case Reading.Pending ignored -> {
                    return Optional.of(new Leave.Denied(
                            "first-sample",
                            "waiting for the first reading of " + code,
                            null,
                            null,
                            null,
                            MOMENT,
                            false));
                }
                case Reading.Unknown u -> {
                    if (h.holdsWhenUnknown()) {
                        double age = (time.nanos() - u.since()) / 1e9;
                        return Optional.of(new Leave.Denied(
                                code,
                                code + " is unknown: " + u.why()
                                        + "; with `on-unknown: ignore` for it in a job file's `throttle` runs go on without",
                                null,
                                null,
                                age,
                                LOOK,
                                true));
                    }
                }
                case Reading.Missing m -> {
                    if (h.stated() && h.holdsWhenUnknown()) {
                        return Optional.of(new Leave.Denied(
                                code,
                                code + " cannot be read: " + m.need().what() + " "
                                        + m.need().fix(),
                                null,
                                null,
                                null,
                                LOOK,
                                true));
                    }
                }
            }
        }
        return Optional.empty();
    }

    /** Judges what was read last; also where nothing follows from it now. */
    private void look(long now) {
        Verdict most = null;
        List<Verdict> all = new ArrayList<>();
        long at = now;
        for (Heeded h : heeded) {
            if (sampler.reading(h.source()) instanceof Reading.Known known) {
                Verdict verdict = h.judge().apply(known.levels()).orElse(null);
                if (verdict == null) {
                    continue;
                }
                all.add(verdict);
                if (most == null || isWorse(verdict, most)) {
                    most = verdict;
                    at = known.at();
                }
            }
        }
        worst = most;
        verdicts = List.copyOf(all);
        judgedAt = at;
        looked = true;
        lookedAt = now;
    }

    private void step(long now) {
        Verdict most = worst;
        boolean hard = most != null && most.hard();
        pace = pace.after(most == null ? 0 : most.pressure(), hard, (now - stepped) / 1e9, idle, servo);
        if (pace.held() && most != null && (hard || most.pressure() >= servo.limit())) {
            holder = most;
        }
        stepped = now;
        idle = false;
    }

    private static boolean isWorse(Verdict a, Verdict b) {
        return a.hard() == b.hard() ? a.pressure() > b.pressure() : a.hard();
    }

    /** A batch begins. */
    public void begins() {
        sampler.begins();
    }

    /**
     * The batch is over.
     *
     * @param nanos it took
     */
    public void ends(long nanos) {
        sampler.ends();
        worked = nanos;
        since = time.nanos();
    }

    /** Something else than the pace keeps the lane from its next batch, such as a limit of rows. */
    public void isLimitedElsewhere() {
        idle = true;
    }

    /** The share of time that is worked now, 0 in a hold. */
    public double share() {
        Pace now = pace;
        return now.held() ? 0 : now.share();
    }

    /** What the signals said when they were last looked at. */
    public List<Verdict> verdicts() {
        return verdicts;
    }

    @Override
    public void close() {
        watch.close();
    }
}
