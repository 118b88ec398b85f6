package dev.sluice.fleet;

import java.util.UUID;

/**
 * That a live worker's folder defines a job.
 *
 * @param instance of the worker
 * @param worker its name
 * @param version its version of Sluice
 * @param job the job's name
 * @param fingerprint of the definition
 * @param definition as {@link dev.sluice.job.Job#definition} has it; a newer version may have written it
 */
record Holding(UUID instance, String worker, String version, String job, String fingerprint, String definition) {}
