@NullMarked
package dev.sluice.throttle;

import org.jspecify.annotations.NullMarked;
