/**
 * The command line: commands that ask a worker over HTTP, and the few that need none.
 *
 * <p>Owns: picocli and the progress bar, exit codes, and what is printed for people and for machines. Refuses: doing
 * anything that the HTTP door does not, and starting workers itself; the top of the program hands in how that is done.
 */
@NullMarked
package dev.sluice.cli;

import org.jspecify.annotations.NullMarked;
