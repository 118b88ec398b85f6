package dev.sluice.run;

/**
 * What became of a request for a run.
 *
 * @param run the run
 * @param created false where an Idempotency-Key was repeated
 * @param resumed true where an earlier failed or cancelled run goes on
 */
public record QueueResult(RunStatus run, boolean created, boolean resumed) {}
