/** Real requests against the real server, with fakes behind it. */
@NullMarked
package dev.sluice.http;

import org.jspecify.annotations.NullMarked;
