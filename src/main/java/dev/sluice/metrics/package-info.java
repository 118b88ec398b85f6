/**
 * What happened, as meters that Prometheus reads.
 *
 * <p>Owns: Micrometer, the names of the meters ({@code sluice_…}, each described in {@code docs/metrics.md}) and their
 * labels: job, database, and words from short fixed lists. Refuses: row keys, error texts or anything else without an
 * end as a label; asking anybody for a value, since readings are handed in.
 */
@NullMarked
package dev.sluice.metrics;

import org.jspecify.annotations.NullMarked;
