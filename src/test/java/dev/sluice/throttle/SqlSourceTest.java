package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.database.Database;
import dev.sluice.database.DatabaseSettings;
import dev.sluice.testing.TestPostgres;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Numbers that queries give, on the one connection of a pool, which stays as it was. */
class SqlSourceTest {
    private static final TestPostgres.Fresh SERVER = TestPostgres.create();
    private static final Database DATABASE = Database.open(new DatabaseSettings(
            "main",
            SERVER.url(),
            SERVER.user(),
            SERVER.password(),
            1,
            Duration.ofMillis(500),
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            Duration.ofSeconds(60),
            Duration.ofMinutes(10),
            Duration.ofSeconds(10),
            Duration.ofMinutes(5)));

    @BeforeAll
    static void fill() {
        SERVER.run(
                "CREATE TABLE queue (id bigint PRIMARY KEY, name text, doc jsonb)",
                "INSERT INTO queue VALUES (1, 'Anna', '{\"a\": 1}'), (2, 'Ben', '{}')",
                "CREATE SEQUENCE numbers");
    }

    @AfterEach
    void theConnectionIsAsItWas() {
        assertThat(DATABASE.sql()
                        .fetchSingle("SELECT concat_ws(' ', current_setting('transaction_read_only'),"
                                + " current_setting('statement_timeout'), current_setting('enable_seqscan'))")
                        .get(0, String.class))
                .isEqualTo("off 30s off");
        assertThat(SERVER.value("SELECT count(*) FROM queue")).isEqualTo("2");
    }

    @AfterAll
    static void close() {
        DATABASE.close();
    }

    private static SqlSource source(String query) {
        return new SqlSource("queue", query, Duration.ofSeconds(5), DATABASE);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SELECT count(*) FROM queue                       | 2    | 2",
                "SELECT 7::smallint                               | 7    | 7",
                "SELECT -7                                        | -7   | -7",
                "SELECT 0.125::numeric                            | 0.125 | 0.125",
                "SELECT 2.5::real                                 | 2.5  | 2.5",
                "SELECT 1234.56789::float8                        | 1234.56789 | 1234.568",
                "SELECT count(*) FROM queue WHERE doc ? 'a'       | 1    | 1",
                "SELECT count(*) FROM queue WHERE name <> '?'     | 2    | 2",
                "WITH q AS (SELECT * FROM queue) SELECT max(id) FROM q | 2 | 2",
                "SELECT 1 WHERE current_setting('statement_timeout') = '1s' | 1 | 1",
                "SELECT 1 WHERE current_setting('transaction_read_only') = 'on' | 1 | 1",
                "SELECT 1 WHERE current_setting('enable_seqscan') = 'on' | 1 | 1",
                "SELECT 1 WHERE current_setting('enable_bitmapscan') = 'on' | 1 | 1",
                "SELECT extract(epoch FROM interval '1.5 minutes') | 90  | 90",
            })
    void aNumberIsRead(String query, double value, String text) throws Exception {
        for (int i = 0; i < 7; i++) { // beyond the driver's threshold for prepared statements
            assertThat(source(query).read()).containsExactly(Measurement.of("limit", "", value, text));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SELECT NULL::int                        | the query gives NULL",
                "SELECT max(id) FROM queue WHERE id > 5  | the query gives NULL",
                "SELECT id FROM queue WHERE id > 5       | the query gives no row",
                "SELECT id FROM queue                    | the query gives more than one row",
                "SELECT id, name FROM queue              | the query gives 2 columns, not one",
                "SELECT                                  | the query gives 0 columns, not one",
                "SELECT name FROM queue WHERE id = 1     | the query gives text, not a number",
                "SELECT '5'                              | the query gives text, not a number",
                "SELECT now() - now()                    | the query gives interval, not a number",
                "SELECT true                             | the query gives bool, not a number",
                "SELECT 'NaN'::float8                    | it gives NaN",
                "SELECT 'NaN'::numeric                   | it gives NaN",
                "SELECT '-Infinity'::float8              | it gives -Infinity",
            })
    void whatIsNoNumberIsUnreadable(String query, String why) {
        assertThatThrownBy(source(query)::read)
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith(why)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("Anna"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SELECT count(*) FROM nowhere                    | 42P01 | relation \"nowhere\" does not exist",
                "SELECT count(*) FORM queue                      | 42601 | syntax error",
                "SELECT count(*) FROM queue WHERE name::int > 0  | 22P02 | invalid_text_representation",
                "SELECT nextval('numbers')                       | 25006 | read-only transaction",
                "SELECT count(*) INTO copied FROM queue          | 25006 | read-only transaction",
                "SELECT count(*) FROM queue FOR UPDATE           | 0A000 | feature_not_supported",
                "SELECT count(*) FROM (SELECT id FROM queue FOR UPDATE) q | 25006 | read-only transaction",
                "SELECT count(*) FROM queue WHERE set_config('transaction_read_only', 'off', true) = '' | 25001 | active_sql_transaction",
                "SELECT count(*) FROM queue WHERE name::regclass IS NULL | 42P01 | undefined_table",
                "SELECT count(*) FROM queue WHERE to_tsvector(name::regconfig, '') IS NULL | 42704 | undefined_object",
                "SELECT 1 FROM pg_sleep(30)                      | 57014 | the query takes longer than 1 s",
            })
    void anErrorIsToldWithoutValuesOfRows(String query, String state, String why) {
        assertThatThrownBy(source(query)::read)
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo(state))
                .hasMessageContaining(why)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("Anna", "Ben"));
    }

    @Test
    void aDatabaseThatIsAwayIsUnreadable() {
        try (Database away = Database.open(new DatabaseSettings(
                "away",
                SERVER.url().replaceAll(":\\d+/", ":1/"),
                SERVER.user(),
                "s3cret",
                1,
                Duration.ofMillis(500),
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                Duration.ofSeconds(60),
                Duration.ofMinutes(10),
                Duration.ofSeconds(1),
                Duration.ofMinutes(5)))) {
            assertThatThrownBy(new SqlSource("queue", "SELECT 1", Duration.ofSeconds(5), away)::read)
                    .isInstanceOf(SQLException.class)
                    .satisfies(e -> assertThat(e.getMessage()).doesNotContain("s3cret"));
        }
    }
}
