package dev.sluice.throttle;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What has been seen of the signals of one database for as long as the worker lives, by their codes: some have a source
 * for each table, and what one of these could be read for, or lacks, so does the next. Safe for several threads.
 */
final class SeenSignals {
    private final Set<String> read = ConcurrentHashMap.newKeySet();
    private final Map<String, DatabaseSource.Need> told = new ConcurrentHashMap<>();

    /** It could be read. */
    void read(String code) {
        read.add(code);
    }

    /** Whether it could ever be read here. */
    boolean wasRead(String code) {
        return read.contains(code);
    }

    /** Whether that it lacks this is worth telling: it is not what was told last. */
    boolean isNew(String code, DatabaseSource.Need need) {
        return !need.equals(told.put(code, need));
    }
}
