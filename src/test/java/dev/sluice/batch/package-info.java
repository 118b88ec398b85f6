/** Batches on a real PostgreSQL: exactly once, one writer, by the index. */
@NullMarked
package dev.sluice.batch;

import org.jspecify.annotations.NullMarked;
