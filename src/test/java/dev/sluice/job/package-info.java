/** Job files, right and wrong. */
@NullMarked
package dev.sluice.job;

import org.jspecify.annotations.NullMarked;
