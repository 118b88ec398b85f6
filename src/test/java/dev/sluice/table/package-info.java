@NullMarked
package dev.sluice.table;

import org.jspecify.annotations.NullMarked;
