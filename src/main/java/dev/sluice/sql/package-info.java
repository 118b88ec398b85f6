/**
 * SQL as text: tokens, names, and what can be said of an expression without a server. The server has the last word on
 * everything else.
 */
@NullMarked
package dev.sluice.sql;

import org.jspecify.annotations.NullMarked;
