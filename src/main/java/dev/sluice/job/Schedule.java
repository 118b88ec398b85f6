package dev.sluice.job;

import java.time.ZoneId;

/**
 * When a job starts by itself.
 *
 * @param cron a Quartz cron expression, six or seven fields
 * @param zone the time zone the cron expression is read in; default UTC
 * @param misfire what happens with starts that were missed while no worker ran
 */
public record Schedule(String cron, ZoneId zone, Misfire misfire) {
    /** Missed starts. */
    public enum Misfire {
        /** however many were missed, start once */
        ONCE,
        /** wait for the next regular start */
        SKIP
    }
}
