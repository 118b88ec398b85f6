/**
 * What the operator sets: the YAML file and the environment, read once at the start, checked as a whole, and handed on
 * as plain records.
 *
 * <p>Owns: SmallRye Config and the YAML parser behind it, the roles, and the hashes of bearer tokens. Refuses: unknown
 * keys, values out of range, and showing a secret anywhere.
 */
@NullMarked
package dev.sluice.config;

import org.jspecify.annotations.NullMarked;
