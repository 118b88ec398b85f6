package dev.sluice.metrics;

/**
 * What a signal says of a job that watches it.
 *
 * @param job the job's name
 * @param database the configured name of the target
 * @param signal its code, or the name the job gave it
 * @param value measured, in the unit of the limit
 * @param limit of the job
 * @param pressure 1.0 at the limit
 */
public record SignalReading(String job, String database, String signal, double value, double limit, double pressure) {}
