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
    DOMAIN_TEXT("word_key"),
    BYTEA("bytea"),
    BOOLEAN("boolean"),
    ENUM("odd.\"Mood's\""),
    INET("inet"),
    CIDR("cidr"),
    MACADDR("macaddr"),
    TIME("time"),
    TIMETZ("timetz"),
    INTERVAL("interval"),
    REAL("real"),
    DOUBLE("double precision"),
    CITEXT("citext"),
    BIT("bit(5)"),
    VARBIT("varbit"),
    NAME("name"),
    LSN("pg_lsn"),
    JSONB("jsonb"),
    INT_ARRAY("int[]"),
    TEXT_ARRAY("text[]"),
    TEXT_ARRAY_CASE_INSENSITIVE("text[] COLLATE nd"),
    CITEXT_ARRAY("citext[]"),
    ENUM_ARRAY("odd.\"Mood's\"[]"),
    INTERVAL_ARRAY("interval[]"),
    INT_RANGE("int4range"),
    TIME_RANGE("tstzrange"),
    NUMERIC_MULTIRANGE("nummultirange"),
    COMPOSITE("odd.pair"),
    DOMAIN_BYTEA("bytes_key"),
    DOMAIN_CITEXT("odd.mail");

    /** Statements that make the types. */
    public static final List<String> DOMAINS = List.of(
            "CREATE DOMAIN whole_key AS bigint",
            "CREATE DOMAIN any_word AS text",
            "CREATE DOMAIN word_key AS any_word CHECK (VALUE <> 'x')",
            "CREATE SCHEMA odd",
            "CREATE EXTENSION citext",
            "CREATE TYPE odd.\"Mood's\" AS ENUM ('z', 'a', 'NULL', 'it''s', 'with space', 'ä,', '{}', '\"')",
            // a pair of NULLs IS NULL, and yet the column is not
            "CREATE TYPE odd.pair AS (a int, b text)",
            "CREATE DOMAIN bytes_key AS bytea",
            "CREATE DOMAIN odd.mail AS citext");

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
        return sql.contains("COLLATE") && this != TEXT_C;
    }

    /** Whether tables can be partitioned by its hash. */
    public boolean hashed() {
        return this != BIT && this != VARBIT;
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
            case BYTEA, DOMAIN_BYTEA -> bytes(r);
            case BOOLEAN -> Boolean.toString(r.nextBoolean());
            case ENUM -> mood(r);
            case INET -> address(r);
            case CIDR -> r.nextInt(256) + "." + r.nextInt(3) + ".0.0/" + r.nextInt(16, 33);
            case MACADDR -> String.format("%02x:00:%02x:ff:00:%02x", r.nextInt(256), r.nextInt(3), r.nextInt(256));
            case TIME -> time(r);
            case TIMETZ -> time(r) + String.format("%+03d:%02d", r.nextInt(-12, 13), r.nextInt(60));
            case INTERVAL -> interval(r);
            case REAL -> pick(r, FLOATS, Float.toString(Float.intBitsToFloat(finite(r.nextInt()))));
            case DOUBLE -> pick(r, FLOATS, Double.toString(Double.longBitsToDouble(finite(r.nextLong()))));
            case CITEXT, DOMAIN_CITEXT -> text(r, 6);
            case BIT -> bits(r, 5);
            case VARBIT -> bits(r, r.nextInt(12));
            case NAME -> text(r, 4);
            case LSN -> Integer.toHexString(r.nextInt(3)) + "/" + Integer.toHexString(r.nextInt());
            case JSONB ->
                pick(r, List.of("null", "[]", "{}", "1.0", "1.00"), "{\"k\": [" + r.nextInt(99) + ", \"ä\"]}");
            case INT_ARRAY -> pick(r, List.of("{}", "[0:1]={1,2}", "{{1,2},{3,4}}", "{NULL}"), array(r, INTEGER));
            case TEXT_ARRAY, TEXT_ARRAY_CASE_INSENSITIVE -> array(r, TEXT_DEFAULT);
            case CITEXT_ARRAY -> array(r, CITEXT);
            case ENUM_ARRAY -> array(r, ENUM);
            case INTERVAL_ARRAY -> array(r, INTERVAL);
            case INT_RANGE ->
                pick(r, List.of("empty", "(,)", "(,7)", "[7,]"), "[" + r.nextInt(9) + "," + r.nextInt(9, 99) + ")");
            case TIME_RANGE ->
                "[\"2026-03-29 00:00:0" + r.nextInt(9) + "+00\",\"2026-03-30 00:0" + r.nextInt(9) + "+02\")";
            case NUMERIC_MULTIRANGE ->
                "{[" + r.nextInt(5) + ".50," + r.nextInt(5, 9) + "),(20," + r.nextInt(21, 60) + "]}";
            case COMPOSITE ->
                pick(
                        r,
                        List.of("(,)", "(0,)", "(,x)", "(,\"\")"),
                        "(" + r.nextInt(-2, 3) + "," + quoted(text(r, 3)) + ")");
        };
    }

    private static final List<String> FLOATS =
            List.of("NaN", "Infinity", "-Infinity", "0", "-0", "0.1", "1e-37", "1.1754944e-38", "3.4028235e38");

    /** Without the exponent that makes an infinity or no number. */
    private static int finite(int bits) {
        return bits & ~(1 << 24);
    }

    private static long finite(long bits) {
        return bits & ~(1L << 53);
    }

    private static String bytes(Random r) {
        byte[] made = new byte[r.nextInt(8)];
        r.nextBytes(made);
        return pick(
                r,
                List.of("\\x", "\\x00", "\\x5c78", "\\x5c5c", "\\xff"),
                "\\x" + java.util.HexFormat.of().formatHex(made));
    }

    private static String mood(Random r) {
        return List.of("z", "a", "NULL", "it's", "with space", "ä,", "{}", "\"").get(r.nextInt(8));
    }

    private static String address(Random r) {
        return r.nextInt(4) == 0
                ? "2001:db8::" + Integer.toHexString(r.nextInt(65536)) + "/" + r.nextInt(129)
                : "10." + r.nextInt(3) + "." + r.nextInt(256) + "." + r.nextInt(256) + "/" + r.nextInt(33);
    }

    private static String time(Random r) {
        return pick(
                r,
                List.of("00:00", "24:00", "23:59:59.999999"),
                String.format("%02d:%02d:%02d.%06d", r.nextInt(24), r.nextInt(60), r.nextInt(60), r.nextInt(3)));
    }

    /** Equal ones in different words, such as a day and 24 hours; signs of all kinds. */
    private static String interval(Random r) {
        return pick(
                r,
                List.of("1 day", "24 hours", "1 mon", "30 days", "-1 mon 1 day -00:00:01", "0"),
                String.format(
                        "%d mons %d days %s%02d:00:00.%06d",
                        r.nextInt(-20, 20), r.nextInt(-3, 4), r.nextBoolean() ? "-" : "", r.nextInt(50), r.nextInt(3)));
    }

    private static String bits(Random r, int length) {
        StringBuilder made = new StringBuilder();
        for (int i = 0; i < length; i++) {
            made.append(r.nextBoolean() ? '1' : '0');
        }
        return made.toString();
    }

    private static String array(Random r, KeyType of) {
        StringBuilder made = new StringBuilder("{");
        for (int i = r.nextInt(4); i > 0; i--) {
            made.append(r.nextInt(9) == 0 ? "NULL" : quoted(of.value(r))).append(i == 1 ? "" : ",");
        }
        return made.append('}').toString();
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
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
