package dev.sluice.throttle;

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
 * @param calm below this pressure the pace grows
 * @param limit from this pressure on it shrinks; between calm and this it keeps still
 * @param hold from this pressure on nothing is done until it has been under the limit for {@code goodFor}
 * @param floor the slowest pace short of a hold, a share of time
 * @param goodFor how long a hold lasts after the pressure went under the limit
 * @param settle after the pace has shrunk it neither shrinks again (unless the pressure is over {@value Pace#URGENT})
 *     nor grows for so long, since the answer to the change takes a while
 * @param growth the pace grows by this factor a second at most
 */
public record Servo(
        double calm, double limit, double hold, double floor, Duration goodFor, Duration settle, double growth) {
    /** What is used unless configured. */
    public static final Servo DEFAULT =
            new Servo(0.7, 1.0, 2.0, 0.05, Duration.ofSeconds(3), Duration.ofSeconds(4), 2.0);

    /** What the pace aims at when it changes: the middle of the dead band. */
    double aim() {
        return (calm + limit) / 2;
    }
}
