package dev.sluice;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a fault has struck, until the engine works on it again: for each lane that was struck, until a batch is
 * committed on what it had, by whoever has it then.
 *
 * @param fault that struck
 * @param before what was struck, as it stood just before
 * @param since just before, the server's clock
 * @param nanos when it struck
 * @param elsewhere whether somebody else has to go on with it
 * @param afterwards what to do then, such as thawing the worker
 */
record Recovery(Fault fault, List<Part> before, String since, long nanos, boolean elsewhere, Afterwards afterwards) {

    /** What ends a fault. */
    interface Afterwards {
        void run() throws Exception;
    }

    Duration age(long now) {
        return Duration.ofNanos(now - nanos);
    }

    /** Whether every lane is at work again. */
    boolean isOver(List<Part> now) {
        Map<String, List<Part>> lanes = before.stream().collect(Collectors.groupingBy(Part::lanesName));
        return lanes.values().stream().allMatch(lane -> lane.stream().anyMatch(part -> goesOn(part, now)));
    }

    private boolean goesOn(Part part, List<Part> now) {
        List<Part> found = now.stream().filter(part::is).toList();
        return found.isEmpty() || found.stream().anyMatch(p -> p.done() || p.isLeft() || isWalked(part, p));
    }

    private boolean isWalked(Part then, Part now) {
        // the batch that was in flight may have been committed; the next one shows that somebody goes on
        return elsewhere
                ? !now.owner().equals(then.owner()) && now.walkedAnew()
                : now.walkedAnew() || now.batches() > then.batches() + 1;
    }
}
