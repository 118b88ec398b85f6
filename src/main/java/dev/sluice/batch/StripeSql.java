package dev.sluice.batch;

import dev.sluice.batch.BatchStatement.Parameter.Named;
import dev.sluice.partition.KeySql;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Which stripe a row belongs to, as SQL: the upper bits of a 32-bit hash of the key, {@code (hash >> 29) & 7} of 8
 * stripes. The key alone decides, so a row stays in its stripe when it moves on disk. Upper bits, so that a stripe is
 * the union of two neighbours among twice as many ({@link dev.sluice.checkpoint.Position#finer}).
 *
 * <p>Whole numbers are hashed by a multiplication whose upper bits count (Knuth, The Art of Computer Programming 3,
 * 6.4): by 2^32 over the golden ratio, so that keys that follow each other, with gaps or not, are spread over the
 * stripes more evenly than by chance. It matters, since a stripe is changed in place only where the stripe before it
 * left a room as large: measured on 500,000 rows in ranges of 32,000 keys in 8 stripes, 85 percent were, and 76 by
 * {@code hashint8}.
 *
 * <p>Other types are hashed by their hash operator classes' functions, which exist from PostgreSQL 14 to 18 and give
 * the same for keys that are equal: for text they go by the column's collation, so it also holds for nondeterministic
 * ones. The hash of one column is the seed of the next. A date has no such function of its own on every version; it is
 * hashed as a row, and so are all other types that can be hashed. A column of a type that cannot be has no say: the
 * others decide, or all rows are in stripe 0.
 */
final class StripeSql {
    /**
     * Multipliers for the last key column, which changes fastest from row to row, and those before it: 2^32 times the
     * fractions of the golden ratio and of the square roots of 2 and 3, whose continued fractions have the smallest
     * elements, so that their multiples are spread evenly.
     */
    private static final List<String> MULTIPLIERS = List.of("2654435769", "1779033703", "3144134277");

    private StripeSql() {}

    /** Adds {@code ((hash >> shift) & mask)}. */
    static void write(BatchSql s, KeySql key) {
        int columns = key.columns().size();
        if (columns <= MULTIPLIERS.size() && IntStream.range(0, columns).allMatch(i -> whole(type(key, i)))) {
            // 31 bits times 32 bits fit into a bigint; the last bit kept is the product's 32nd
            s.add("((("
                    + IntStream.range(0, columns)
                            .mapToObj(i -> "(" + key.column(i) + " & 2147483647) * bigint '"
                                    + MULTIPLIERS.get(columns - 1 - i) + "'")
                            .collect(Collectors.joining(" # "))
                    + ")");
        } else {
            String hash = "0";
            for (int i = 0; i < columns; i++) {
                if (!key.columns().get(i).hashed()) {
                    continue;
                }
                hash = hash(key.column(i), type(key, i), hash);
            }
            s.add("((" + hash);
        }
        s.add(" >> ?)", Named.SHIFT).add(" & ?)", Named.MASK);
    }

    private static boolean whole(String type) {
        return type.equals("smallint") || type.equals("integer") || type.equals("bigint");
    }

    private static String hash(String column, String type, String seed) {
        String value = switch (type) {
            case "smallint" -> "hashint2extended(" + column;
            case "integer" -> "hashint4extended(" + column;
            case "bigint" -> "hashint8extended(" + column;
            case "numeric" -> "hash_numeric_extended(" + column;
            case "uuid" -> "uuid_hash_extended(" + column;
            case "text", "character varying" -> "hashtextextended(" + column;
            case "character" -> "hashbpcharextended(" + column;
            case "timestamp without time zone" -> "timestamp_hash_extended(" + column;
            // not by the session's time zone, in which an hour may come twice
            case "timestamp with time zone" -> "timestamp_hash_extended(" + column + " AT TIME ZONE 'UTC'";
            default -> "hash_record_extended(ROW(" + column + ")";
        };
        return value + ", " + seed + ")";
    }

    /** Without its modifier: of {@code timestamp(3) with time zone}, {@code timestamp with time zone}. */
    private static String type(KeySql key, int i) {
        return key.columns().get(i).type().replaceAll("\\([^)]*\\)", "");
    }
}
