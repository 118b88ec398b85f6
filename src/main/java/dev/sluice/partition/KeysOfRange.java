package dev.sluice.partition;

import dev.sluice.database.Database;
import dev.sluice.table.TableFacts;
import java.util.List;
import java.util.Optional;

/** Counts the keys of a short range, such as that of a batch, and finds the n-th of them, by the index. */
public final class KeysOfRange {
    private KeysOfRange() {}

    /**
     * How many there are; reads each.
     *
     * @throws org.jooq.exception.DataAccessException of the server or the driver
     */
    public static long count(Database database, TableFacts facts, KeyRange range) {
        KeySql key = new KeySql("t", facts.key());
        return new KeyQuery()
                .add("SELECT count(*) FROM ONLY " + range.relation() + " AS \"t\" WHERE ")
                .addRange(key, range.lower(), range.upper())
                .fetch(database, row -> row.getLong(1))
                .getFirst();
    }

    /**
     * The n-th key.
     *
     * @param n at least 1
     * @return empty where there are fewer
     * @throws org.jooq.exception.DataAccessException of the server or the driver
     */
    public static Optional<List<String>> nth(Database database, TableFacts facts, KeyRange range, long n) {
        KeySql key = new KeySql("t", facts.key());
        return new KeyQuery()
                        .add("SELECT " + key.textArray() + " AS key FROM ONLY " + range.relation() + " AS \"t\" WHERE ")
                        .addRange(key, range.lower(), range.upper())
                        .add(" ORDER BY " + key.list() + " OFFSET ? LIMIT 1", n - 1)
                        .fetch(database, row -> KeyQuery.key(row, "key"))
                        .stream()
                        .findFirst();
    }
}
