/** Settings: good ones, bad ones, and secrets that stay hidden. */
@NullMarked
package dev.sluice.config;

import org.jspecify.annotations.NullMarked;
