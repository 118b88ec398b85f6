/** The commands against a real server, exit codes and output. */
@NullMarked
package dev.sluice.cli;

import org.jspecify.annotations.NullMarked;
