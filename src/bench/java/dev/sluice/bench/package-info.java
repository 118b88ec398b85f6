/**
 * The benchmark, {@code mvn verify -Pbench}: Sluice beside what people would use instead, on one server, in one run;
 * how fast it is, and what an application feels of it. It is no test: it measures and prints, and fails on errors
 * alone. What is timed, and what came out, is in {@code docs/performance.md}.
 */
@NullMarked
package dev.sluice.bench;

import org.jspecify.annotations.NullMarked;
