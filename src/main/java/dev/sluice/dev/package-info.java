/**
 * Everything at once, for a first look: a PostgreSQL of our own, realistic sample tables, a worker, and the example
 * jobs run through to their gates.
 *
 * <p>Owns the embedded server and the folder its data is kept in. Refuses to be part of production: the server's
 * libraries are not in the production image, and no other room imports this one.
 */
@NullMarked
package dev.sluice.dev;

import org.jspecify.annotations.NullMarked;
