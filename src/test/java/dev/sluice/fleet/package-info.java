/** Workers on one control database, without their doors. */
@NullMarked
package dev.sluice.fleet;

import org.jspecify.annotations.NullMarked;
