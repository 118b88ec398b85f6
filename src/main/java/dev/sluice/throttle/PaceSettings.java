package dev.sluice.throttle;

import dev.sluice.config.Settings;
import dev.sluice.config.SettingsReader;
import java.time.Duration;

/**
 * The constants of {@link Pace}, each configurable as {@code throttle.*}.
 *
 * <p>Where they come from: halving on a sign of congestion and careful growth is TCP's AIMD (Chiu and Jain 1989, RFC
 * 5681), the remembered ceiling that growth slows down at is its slow-start threshold; the dead band keeps a controller
 * with a dead time from hunting (Åström and Hägglund, PID Controllers, 1995). The numbers were chosen on simulated
 * databases, with answers delayed by 1 to 3 s and noise of 10 percent: of 81 settings this one left the fewest runs
 * that had not settled after 30 s or went on swinging by more than 20 percent ({@code PaceSimulationTest} is what is
 * left of that).
 *
 * <p>{@code shortestBatch} was measured beside a busy application on 2 cores: with half a percent of them as the
 * budget, batches of 2 ms brought its p95 to 1.01 (40 pairs) and 1.11 (60), of 3 ms to 1.17 (27). Shorter ones do next
 * to nothing: those of 2 ms walked 150 to 180 rows/s of 240 bytes, and those of 4 ms 690 with twice the budget. In
 * these figures are the trials of stripes of runs that were resumed some seconds before.
 *
 * @param start a lane begins with this share, so that a busy database feels little of it before the first samples
 * @param weight of a new sample in the smoothed pressure
 * @param calm below this pressure the pace grows
 * @param limit from this pressure on it shrinks; between calm and this it keeps still
 * @param hold from this pressure on nothing is done until it has been under the limit for {@code goodFor}
 * @param floor the slowest pace short of a hold, a share of the time that the budget allows
 * @param goodFor how long a hold lasts after the pressure went under the limit
 * @param settle after the pace has shrunk it neither shrinks again (unless the pressure is over {@code urgent}) nor
 *     grows for so long, since the answer to the change takes a while
 * @param growth the pace grows by this factor a second at most
 * @param probe factor a second by which the pace goes on beyond the share at which it last had to shrink
 * @param shrink no step leaves less than this part of the pace
 * @param urgent pressure from which on it shrinks at once, though it has shrunk just now
 * @param shortestBatch batches get no shorter than this at a slow pace
 */
public record PaceSettings(
        double start,
        double weight,
        double calm,
        double limit,
        double hold,
        double floor,
        Duration goodFor,
        Duration settle,
        double growth,
        double probe,
        double shrink,
        double urgent,
        Duration shortestBatch) {
    /** What is used unless configured. */
    public static final PaceSettings DEFAULT = of(SettingsReader.defaults().throttle());

    /** As the operator has set it. */
    public static PaceSettings of(Settings.Throttle t) {
        return new PaceSettings(
                t.start(),
                t.weight(),
                t.calm(),
                1.0,
                t.hold(),
                t.floor(),
                t.goodFor(),
                t.settle(),
                t.growth(),
                t.probe(),
                t.shrink(),
                t.urgent(),
                t.shortestBatch());
    }

    /** What the pace aims at when it changes: the middle of the dead band. */
    double aim() {
        return (calm + limit) / 2;
    }
}
