package dev.sluice.run;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What limits the lanes that this worker carries, as they know it themselves. */
@FunctionalInterface
public interface LiveLimits {
    /** Of a process that carries none. */
    LiveLimits NONE = (lane, owner) -> Optional.empty();

    /**
     * Of one lane.
     *
     * @param limit null at full speed
     */
    record Known(RunStatus.@Nullable Limit limit) {}

    /**
     * What limits it now.
     *
     * @param carrier that has the lane, as the control database knows
     * @return empty where that is not this worker
     */
    Optional<Known> of(LaneId lane, @Nullable String owner);
}
