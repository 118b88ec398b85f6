package dev.sluice.checkpoint;

import java.util.UUID;

/**
 * One partition of one pass of a run.
 *
 * @param run the run
 * @param pass counts the walks of the run from 0
 * @param partition counts the partitions of the pass from 0
 */
public record PartitionId(UUID run, int pass, int partition) {}
