package dev.sluice.batch;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Random;
import java.util.UUID;

/** Column types a key may be made of, with values that are easily got wrong, as the server's text. */
public enum KeyType {
    SMALLINT("smallint"),
    INTEGER("integer"),
    BIGINT("bigint"),
    NUMERIC("numeric"),
    NUMERIC_10_2("numeric(10,2)"),
    UUID_("uuid"),
    TEXT_C("text COLLATE \"C\""),
    TEXT_DEFAULT("text"),
    TEXT_ICU("text COLLATE \"en-x-icu\""),
    TEXT_CASE_INSENSITIVE("text COLLATE nd"),
    VARCHAR("varchar(40)"),
    CHAR("char(6)"),
    DATE("date"),
    TIMESTAMP("timestamp"),
    TIMESTAMPTZ("timestamptz"),
    DOMAIN_BIGINT("whole_key"),
    DOMAIN_TEXT("word_key");

    /** Statements that make the domains. */
    public static final List<String> DOMAINS = List.of(
            "CREATE DOMAIN whole_key AS bigint",
            "CREATE DOMAIN any_word AS text",
            "CREATE DOMAIN word_key AS any_word CHECK (VALUE <> 'x')");

    private static final List<String> PIECES = List.of(
            "a",
            "A",
            "b",
            "B",
            "ä",
            "Ä",
            "e\u0301",
            "é",
            "ß",
            "ss",
            "z",
            "Z",
            " ",
            "_",
            "-",
            "'",
            "''",
            "\"",
            "\\",
            ",",
            "{",
            "}",
            "%",
            "?",
            "$1",
            ":x",
            "NULL",
            "null",
            "0",
            "10",
            "9",
            "\n",
            "\t",
            "\uD83D\uDE00",
            "\uFFFD",
            "ǆ",
            "٣");

    /** As a column definition has it. */
    public final String sql;

    KeyType(String sql) {
        this.sql = sql;
    }

    /** Whether it needs collations of ICU, which not every server has. */
    public boolean needsIcu() {
        return this == TEXT_ICU || this == TEXT_CASE_INSENSITIVE;
    }

    /** One value; often near others, sometimes an extreme. */
    public String value(Random r) {
        return switch (this) {
            case SMALLINT -> whole(r, Short.MIN_VALUE, Short.MAX_VALUE);
            case INTEGER -> whole(r, Integer.MIN_VALUE, Integer.MAX_VALUE);
            case BIGINT, DOMAIN_BIGINT -> whole(r, Long.MIN_VALUE, Long.MAX_VALUE);
            case NUMERIC -> numeric(r);
            case NUMERIC_10_2 ->
                BigDecimal.valueOf(r.nextLong(-9_999_999_999L, 10_000_000_000L), 2)
                        .toPlainString();
            case UUID_ -> new UUID(r.nextInt(4) == 0 ? -1L : r.nextLong(), r.nextLong()).toString();
            case TEXT_C, TEXT_DEFAULT, TEXT_ICU, TEXT_CASE_INSENSITIVE, VARCHAR, DOMAIN_TEXT -> text(r, 6);
            case CHAR -> text(r, 2);
            case DATE -> pick(r, List.of("infinity", "-infinity", "4713-01-01 BC", "5874897-12-31"), day(r));
            case TIMESTAMP ->
                pick(
                        r,
                        List.of("infinity", "-infinity", "4713-01-01 00:00:00 BC", "294276-12-31 23:59:59.999999"),
                        moment(r));
            case TIMESTAMPTZ ->
                pick(
                        r,
                        List.of(
                                "infinity",
                                "-infinity",
                                "0001-12-31 23:59:59.999999+00 BC",
                                "294276-12-31 23:59:59.999999+00"),
                        moment(r) + "+0" + r.nextInt(10));
        };
    }

    private static String whole(Random r, long least, long most) {
        return switch (r.nextInt(10)) {
            case 0 -> Long.toString(r.nextBoolean() ? least : most);
            case 1, 2, 3 -> Long.toString(r.nextLong(least, most));
            default -> Long.toString(r.nextInt(-100, 101));
        };
    }

    private static String numeric(Random r) {
        return pick(
                r,
                List.of("NaN", "Infinity", "-Infinity", "0.00", "1.0", "1.00", "1e-40", "-1e90"),
                new BigDecimal(new BigInteger(r.nextInt(1, 120), r), r.nextInt(-3, 40)).toPlainString());
    }

    private static String text(Random r, int pieces) {
        StringBuilder made = new StringBuilder();
        for (int i = r.nextInt(pieces + 1); i > 0; i--) {
            made.append(PIECES.get(r.nextInt(PIECES.size())));
        }
        return made.toString();
    }

    private static String day(Random r) {
        return String.format("%04d-%02d-%02d", r.nextInt(1, 3000), r.nextInt(1, 13), r.nextInt(1, 29));
    }

    private static String moment(Random r) {
        // many within one second, so that only the microseconds tell them apart
        String day = r.nextBoolean() ? "2026-03-29 01:59:59" : day(r) + " 12:00:00";
        return day + String.format(".%06d", r.nextBoolean() ? r.nextInt(5) : r.nextInt(1_000_000));
    }

    private static String pick(Random r, List<String> extremes, String usual) {
        return r.nextInt(8) == 0 ? extremes.get(r.nextInt(extremes.size())) : usual;
    }
}
