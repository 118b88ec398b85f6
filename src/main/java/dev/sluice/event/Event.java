package dev.sluice.event;

import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One line of the log.
 *
 * @param id grows with each event of this control database
 * @param at the database's time
 * @param actor who, see {@link Actor}
 * @param action what, such as {@code run.paused}; see {@link Events}
 * @param job the job concerned
 * @param run the run concerned
 * @param detail further facts; never a secret or a row's value
 */
public record Event(
        long id,
        Instant at,
        String actor,
        String action,
        @Nullable String job,
        @Nullable UUID run,
        Map<String, Object> detail) {}
