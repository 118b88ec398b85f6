/**
 * What a job file says, checked: the YAML, its schema, the fingerprint, and the folder that is watched for changes.
 *
 * <p>Owns: the YAML and JSON Schema libraries. Refuses: asking a database anything (see {@code table} and
 * {@code plan}).
 */
@NullMarked
package dev.sluice.job;

import org.jspecify.annotations.NullMarked;
