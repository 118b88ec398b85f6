package dev.sluice.partition;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A contiguous range of keys: what a new pass is to walk, or what is left of a partition.
 *
 * @param relation SQL name of the table or leaf
 * @param key the key's columns with their types, in order, such as {@code id bigint}
 * @param lower the key before its first, the text of each key column; null for the relation's first key
 * @param upper its last key, the text of each key column; null when it is empty, and then there is nothing to do
 */
public record KeyRange(
        String relation,
        List<String> key,
        @Nullable List<String> lower,
        @Nullable List<String> upper) {
    public KeyRange {
        key = List.copyOf(key);
        lower = lower == null ? null : List.copyOf(lower);
        upper = upper == null ? null : List.copyOf(upper);
    }
}
