/**
 * Pools, sorting of SQL errors, Sluice's own schema and the classes generated from it.
 *
 * <p>Owns: HikariCP and Flyway. Refuses: knowing what a job or a run is.
 */
@NullMarked
package dev.sluice.database;

import org.jspecify.annotations.NullMarked;
