package dev.sluice.job;

import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What one reading of the jobs folder found, by the names of the jobs that are offered.
 *
 * @param added offered now, not before
 * @param changed offered before and now, with anything in the file's meaning different; the fingerprint may be the same
 * @param removed offered before, not now: the file is gone, or has a mistake, or another file claims the same name
 * @param unchanged offered before and now, the same
 */
public record FolderChange(
        SortedSet<String> added, SortedSet<String> changed, SortedSet<String> removed, SortedSet<String> unchanged) {
    public FolderChange {
        added = copy(added);
        changed = copy(changed);
        removed = copy(removed);
        unchanged = copy(unchanged);
    }

    /** Whether nothing was added, changed or removed. */
    public boolean isEmpty() {
        return added.isEmpty() && changed.isEmpty() && removed.isEmpty();
    }

    private static SortedSet<String> copy(SortedSet<String> names) {
        return java.util.Collections.unmodifiableSortedSet(new TreeSet<>(names));
    }
}
