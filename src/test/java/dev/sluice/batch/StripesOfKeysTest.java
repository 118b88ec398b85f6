package dev.sluice.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.Claims;
import dev.sluice.table.TableFacts;
import dev.sluice.testing.TestTarget;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The stripes of a range share its rows out: each row is in one, and each has about as many, whatever the key. */
class StripesOfKeysTest {
    private static final int ROWS = 4000;
    private static final int STRIPES = 8;

    private static TestTarget target;
    private static int tables;

    @BeforeAll
    static void start() {
        target = TestTarget.create(Duration.ofSeconds(30));
        target.db()
                .run(
                        "CREATE COLLATION nd (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
                        "CREATE DOMAIN whole AS bigint CHECK (VALUE > 0)",
                        "CREATE DOMAIN wholer AS whole",
                        "CREATE DOMAIN price AS numeric(12,2)",
                        "CREATE DOMAIN title AS varchar(40) COLLATE nd",
                        "CREATE DOMAIN moment AS timestamptz",
                        "CREATE TYPE pair AS (a int, b text)",
                        "CREATE EXTENSION citext",
                        "CREATE DOMAIN mail AS citext");
    }

    @AfterAll
    static void stop() {
        target.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "k smallint ; g",
                "k integer ; g",
                "k integer ; -g",
                "k bigint ; g",
                "k bigint ; g * 10",
                "k bigint ; g * 4096::bigint",
                "k bigint ; g * 1000003::bigint",
                "k bigint ; g * 4194304::bigint + 9007199254740992",
                "k bigint ; (random() * 1e15)::bigint * 5000 + g",
                "k bigint ; 9223372036854775807 - g",
                "k bigint ; -9223372036854775808 + g",
                "k numeric ; g",
                "k numeric(20,4) ; g / 7.0",
                "k uuid ; gen_random_uuid()",
                "k uuid ; ('00000000-0000-7000-8000-' || lpad(to_hex(g), 12, '0'))::uuid",
                "k text ; 'item ' || g",
                "k text COLLATE \"C\" ; 'item ' || g",
                "k text COLLATE nd ; 'item ' || g",
                "k varchar(20) ; g::text",
                "k char(12) ; g::text",
                "k date ; date '2020-01-01' + g",
                "k timestamp ; timestamp '2020-01-01' + g * interval '1 minute'",
                "k timestamp(0) ; timestamp '2020-01-01' + g * interval '1 minute'",
                "k timestamptz ; timestamptz '2020-01-01' + g * interval '1 minute'",
                "k timestamptz(3) ; timestamptz '2020-01-01' + g * interval '1 second'",
                "k whole ; g",
                "k wholer ; g",
                "k price ; g / 4.0",
                "k title ; 'Item ' || g",
                "k moment ; timestamptz '2020-01-01' + g * interval '1 second'",
                "k bytea ; decode(md5(g::text), 'hex')",
                "k citext ; 'Item ' || g",
                "k inet ; inet '10.0.0.0' + g",
                "k time ; time '00:00' + g * interval '1 second'",
                "k interval ; g * interval '1 hour'",
                "k float8 ; g / 7.0",
                "k text[] ; ARRAY[g::text, 'a']",
                "k text[] COLLATE nd ; ARRAY['Item ' || g]",
                "k int4range ; int4range(g, g + 2)",
                "k pair ; ROW(g, 'a')::pair",
                "k mail ; 'Item ' || g"
            })
    void aKeyOfOneColumn(String column, String values) throws SQLException {
        check(column + ", PRIMARY KEY (k)", "k", values);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "a int, b bigint ; g / 100, g % 100",
                "a int, b bigint ; g, 7",
                "a bigint, b smallint ; g, g",
                "a bigint, b int ; g / 3, g % 3",
                "a int, b int, c int ; g / 100, g / 10 % 10, g % 10",
                "a int, b int, c int ; g, g, g",
                "a int, b int, c int, d int ; g, 1, g, 1",
                "a uuid, b int ; ('00000000-0000-0000-0000-' || lpad((g / 100)::text, 12, '0'))::uuid, g % 100",
                "a text COLLATE nd, b wholer ; 'Name ' || g / 100, g % 100 + 1",
                "a boolean, b bytea ; g % 2 = 0, decode(md5(g::text), 'hex')",
                "a bit(4), b int ; g::bit(4), g",
                "a date, b timestamptz, c char(9), d numeric ; date '2020-01-01' + g / 100, now(), (g % 10)::text, g % 100"
            })
    void aKeyOfSeveralColumns(String columns, String values) throws SQLException {
        String names = columns.replaceAll("(\\w) [^,]*", "$1");
        check(columns + ", PRIMARY KEY (" + names + ")", names, values);
    }

    /**
     * Text that compares equal stays in its stripe, so a row whose key is spelt anew is neither missed nor met twice.
     */
    @ParameterizedTest
    @ValueSource(
            strings = {"text COLLATE nd", "varchar(40) COLLATE nd", "char(40) COLLATE nd", "title", "citext", "mail"})
    void aKeySpeltAnewInMidRange(String type) throws SQLException {
        String table = make("k " + type + " PRIMARY KEY", "k", "'some item ' || g");
        Walk walk = new Walk(table);
        for (int stripe = 0; stripe < STRIPES; stripe++) {
            walk.stripe();
            target.db().run("UPDATE " + table + " SET k = " + (stripe % 2 == 0 ? "upper" : "lower") + "(k)");
        }
        assertThat(count(table, "n = 1")).isEqualTo(ROWS);
    }

    /** Numbers that are equal, whatever their digits after the point. */
    @Test
    void aNumberSpeltAnewInMidRange() throws SQLException {
        String table = make("k numeric PRIMARY KEY", "k", "g");
        Walk walk = new Walk(table);
        for (int stripe = 0; stripe < STRIPES; stripe++) {
            walk.stripe();
            target.db().run("UPDATE " + table + " SET k = k + 0." + "0".repeat(stripe + 1));
        }
        assertThat(count(table, "n = 1")).isEqualTo(ROWS);
    }

    /** A day is 24 hours, and two days are 48. */
    @Test
    void anIntervalSpeltAnewInMidRange() throws SQLException {
        String table = make("k interval PRIMARY KEY", "k", "g * interval '1 day'");
        Walk walk = new Walk(table);
        for (int stripe = 0; stripe < STRIPES; stripe++) {
            walk.stripe();
            target.db()
                    .run("UPDATE " + table + " SET k = justify_" + (stripe % 2 == 0 ? "hours" : "days")
                            + "(CASE WHEN extract(day FROM k) > 0 THEN make_interval(hours => extract(epoch FROM k)::int / 3600)"
                            + " ELSE k END)");
        }
        assertThat(count(table, "n = 1")).isEqualTo(ROWS);
    }

    /** Such a type has no hash: its rows are all of the first stripe. */
    @Test
    void aKeyThatCannotBeHashed() throws SQLException {
        Walk walk = new Walk(make("k varbit PRIMARY KEY", "k", "g::bit(16)::varbit"));
        assertThat(walk.stripe()).isEqualTo(ROWS);
        for (int stripe = 1; stripe < STRIPES; stripe++) {
            assertThat(walk.stripe()).isZero();
        }
    }

    @Test
    void theHourThatComesTwiceHasTwoKeys() throws SQLException {
        target.db().run("ALTER ROLE CURRENT_USER SET TimeZone = 'Europe/Berlin'");
        try {
            check("k timestamptz PRIMARY KEY", "k", "timestamptz '2026-10-24 23:00:00+00' + g * interval '3 seconds'");
        } finally {
            target.db().run("ALTER ROLE CURRENT_USER RESET TimeZone");
        }
    }

    private static void check(String columns, String names, String values) throws SQLException {
        String table = make(columns, names, values);
        Walk walk = new Walk(table);
        List<Long> changed = new ArrayList<>();
        for (int stripe = 0; stripe < STRIPES; stripe++) {
            changed.add(walk.stripe());
        }
        assertThat(changed.stream().mapToLong(Long::longValue).sum()).isEqualTo(ROWS);
        assertThat(count(table, "n = 1")).as("rows changed once").isEqualTo(ROWS);
        // by chance alone, one of 1,000,000 such stripes has less than 390 or more than 620
        assertThat(changed)
                .as("rows of each stripe")
                .allSatisfy(n -> assertThat(n).isBetween(380L, 630L));

        String another = make(columns, names, values);
        Walk finer = new Walk(another);
        for (int stripe = 0; stripe < 3; stripe++) {
            finer.stripe();
        }
        finer.finer();
        for (int stripe = 6; stripe < 2 * STRIPES; stripe++) {
            finer.stripe();
        }
        assertThat(count(another, "n = 1"))
                .as("rows changed once where the range is made finer")
                .isEqualTo(ROWS);
    }

    private static String make(String columns, String names, String values) {
        String table = "keys" + ++tables;
        target.db()
                .run(
                        "CREATE TABLE " + table + " (n int NOT NULL DEFAULT 0, " + columns + ")",
                        "INSERT INTO " + table + " (" + names + ") SELECT " + values + " FROM generate_series(1, "
                                + ROWS + ") g");
        return table;
    }

    /** One range in stripes over the whole table. */
    private static final class Walk {
        private final Batches batches;
        private final Claims claims;
        private Claim claim;

        Walk(String table) {
            TableFacts facts = target.facts(table);
            UUID run = target.begun(facts);
            batches = target.batches(facts);
            claims = target.claims(run);
            claim = target.claim(run);
        }

        /** Goes on in twice as many. */
        void finer() {
            claim = claims.finer(claim).orElseThrow();
        }

        /** The next; the rows it changed. */
        long stripe() throws SQLException {
            Outcome.Committed c = (Outcome.Committed) batches.commit(claim, new BatchRequest(ROWS, STRIPES));
            claim = claim.at(c.position());
            return c.changed();
        }
    }

    private static long count(String table, String where) {
        return Long.parseLong(target.db().value("SELECT count(*) FROM " + table + " WHERE " + where));
    }
}
