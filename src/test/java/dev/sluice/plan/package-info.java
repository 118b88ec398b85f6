@NullMarked
package dev.sluice.plan;

import org.jspecify.annotations.NullMarked;
