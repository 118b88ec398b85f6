package dev.sluice.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.database.Database;
import dev.sluice.database.DatabaseSettings;
import dev.sluice.problem.Problem;
import dev.sluice.sql.TableName;
import dev.sluice.testing.TestPostgres;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TableInspectionTest {
    private static final TestPostgres.Fresh POSTGRES = TestPostgres.create();
    private static Database database;

    @BeforeAll
    static void open() {
        database = Database.open(DatabaseSettings.of("main", POSTGRES.url(), POSTGRES.user(), POSTGRES.password()));
        POSTGRES.run(
                "CREATE SCHEMA app",
                "CREATE SCHEMA \"Odd \"\"Place\"",
                "CREATE DOMAIN app.positive AS bigint CHECK (VALUE > 0)",
                "CREATE DOMAIN app.small AS app.positive CHECK (VALUE < 1000)",
                "CREATE TYPE app.\"int4\" AS ENUM ('a', 'b')",
                "CREATE TYPE app.\"Odd Pair\" AS (a int, b text)",
                "CREATE SCHEMA ext",
                "CREATE EXTENSION citext SCHEMA ext",
                "CREATE COLLATION app.caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
                "CREATE TABLE app.users (id bigint PRIMARY KEY, name text)");
    }

    @AfterAll
    static void close() {
        database.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "smallint|smallint",
                "int|integer",
                "bigint|bigint",
                "numeric(10,2)|numeric(10,2)",
                "numeric|numeric",
                "uuid|uuid",
                "text|text",
                "text COLLATE \"C\"|text",
                "text COLLATE app.caseless|text",
                "varchar(20)|character varying(20)",
                "char(5)|character(5)",
                "date|date",
                "timestamp|timestamp without time zone",
                "timestamptz(3)|timestamp(3) with time zone",
                "app.small|bigint",
                "bytea|bytea",
                "boolean|boolean",
                "app.\"int4\"|app.int4",
                "app.\"int4\"[]|app.int4[]",
                "ext.citext|ext.citext",
                "ext.citext[]|ext.citext[]",
                "inet|inet",
                "cidr|cidr",
                "macaddr|macaddr",
                "time(3)|time(3) without time zone",
                "timetz|time with time zone",
                "interval|interval",
                "double precision|double precision",
                "real[]|real[]",
                "bit(5)|bit(5)",
                "varbit|bit varying",
                "\"char\"|\"char\"",
                "name|name",
                "jsonb|jsonb",
                "numrange|numrange",
                "tstzmultirange|tstzmultirange",
                "app.\"Odd Pair\"|app.\"Odd Pair\""
            })
    void takesEveryKeyTypeThatIsPromised(String type, String printed) {
        POSTGRES.run("DROP TABLE IF EXISTS app.typed", "CREATE TABLE app.typed (k " + type + " PRIMARY KEY)");
        TableFacts facts = TableInspection.inspect(database, new TableName("app", "typed"), List.of());
        assertThat(facts.keyText()).isEqualTo("k " + printed);
        assertThat(facts.key().getFirst().operators()).isEqualTo(type.equals("ext.citext") ? "ext" : "");
        assertThat(facts.key().getFirst().hashed()).isEqualTo(!type.contains("bit"));
        assertThat(facts.keyChosen()).isFalse();
    }

    /** Whatever else there is: partial, nullable, deferrable, of expressions, twice on the same columns. */
    @Test
    void theOnlyUniqueIndexThatWillDoIsTaken() {
        POSTGRES.run(
                "CREATE TABLE app.only (a int NOT NULL, b int NOT NULL, c int, d int NOT NULL UNIQUE DEFERRABLE)",
                "CREATE UNIQUE INDEX only_c ON app.only (c)",
                "CREATE UNIQUE INDEX only_part ON app.only (a) WHERE b > 3",
                "CREATE UNIQUE INDEX only_expression ON app.only ((a + b))",
                "CREATE UNIQUE INDEX only_whole ON app.only (b, a)",
                "CREATE UNIQUE INDEX only_whole_too ON app.only (a, b)");
        TableName table = new TableName("app", "only");
        TableFacts facts = TableInspection.inspect(database, table, List.of());
        assertThat(facts.keyIndex()).isEqualTo("only_whole");
        assertThat(facts.keyText()).isEqualTo("b integer, a integer");
        assertThat(facts.keyChosen()).isTrue();
        assertThat(TableInspection.inspect(database, table, List.of("a", "b")).keyChosen())
                .isFalse();
    }

    /** Another unique index, or a primary key, that comes while a run is at work. */
    @Test
    void aRunThatHasBegunKeepsItsKey() {
        POSTGRES.run("CREATE TABLE app.begun (a int NOT NULL UNIQUE, b int NOT NULL)");
        TableName table = new TableName("app", "begun");
        TableFacts begun = TableInspection.inspect(database, table, List.of());
        POSTGRES.run(
                "CREATE UNIQUE INDEX begun_another ON app.begun (b)",
                "ALTER TABLE app.begun ADD COLUMN id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY");
        assertThat(TableInspection.inspect(database, table, List.of(), begun.keyColumns())
                        .keyText())
                .isEqualTo("a integer");
        assertThat(TableInspection.inspect(database, table, List.of()).keyText())
                .isEqualTo("id integer");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "text COLLATE app.caseless~chr(97 + i % 26) || i",
                "text COLLATE \"C\"~chr(65 + i % 57) || i",
                "text~chr(65 + i % 57) || i",
                "char(6)~rpad(chr(97 + i % 26), 1 + i % 3) || i",
                "app.small~i",
                "numeric~i / 7.0",
                "uuid~gen_random_uuid()",
                "timestamptz~to_timestamp(i * 1.001)"
            })
    void aWalkByTheTextOfTheKeyMeetsEveryRowOnceWithoutASort(String type, String value) throws SQLException {
        POSTGRES.run(
                "DROP TABLE IF EXISTS app.walk",
                "CREATE TABLE app.walk (k " + type + " PRIMARY KEY)",
                "INSERT INTO app.walk SELECT " + value + " FROM generate_series(1, 500) i",
                "ANALYZE app.walk");
        TableFacts facts = TableInspection.inspect(database, new TableName("app", "walk"), List.of());
        String page = "SELECT k::text AS key FROM app.walk WHERE k > ?::"
                + facts.key().get(0).type() + " ORDER BY k LIMIT 7";
        List<String> seen = new ArrayList<>();
        try (Connection c = database.pool().getConnection()) {
            seen.addAll(texts(c.prepareStatement("SELECT k::text AS key FROM app.walk ORDER BY k LIMIT 7")));
            while (true) {
                try (PreparedStatement s = c.prepareStatement(page)) {
                    s.setString(1, seen.get(seen.size() - 1));
                    List<String> next = texts(s);
                    if (next.isEmpty()) {
                        break;
                    }
                    seen.addAll(next);
                }
            }
            try (PreparedStatement s = c.prepareStatement("EXPLAIN " + page)) {
                s.setString(1, seen.get(0));
                assertThat(String.join("\n", texts(s)))
                        .contains("Index Cond: (k > ")
                        .doesNotContain("Sort")
                        .doesNotContain("Filter");
            }
        }
        assertThat(seen).hasSize(500).doesNotHaveDuplicates();
    }

    @Test
    void twoTextsThatTheCollationHoldsEqualAreOneKey() {
        POSTGRES.run(
                "CREATE TABLE app.caseless (k text COLLATE app.caseless PRIMARY KEY)",
                "INSERT INTO app.caseless VALUES ('Ann')");
        assertThat(POSTGRES.value("SELECT count(*) FROM app.caseless WHERE k > 'ANN'"))
                .isEqualTo("0");
        assertThat(POSTGRES.value("SELECT count(*) FROM app.caseless WHERE k >= 'ANN'"))
                .isEqualTo("1");
    }

    @Test
    void keyColumnsComeInTheOrderOfTheIndexAndIncludedOnesAreNone() {
        POSTGRES.run(
                "CREATE TABLE app.lines (line int NOT NULL, order_id bigint NOT NULL, note text)",
                "CREATE UNIQUE INDEX lines_key ON app.lines (order_id DESC, line DESC) INCLUDE (note)");
        TableFacts facts =
                TableInspection.inspect(database, new TableName("app", "lines"), List.of("line", "order_id"));
        assertThat(facts.keyText()).isEqualTo("order_id bigint, line integer");
        assertThat(facts.keyIndex()).isEqualTo("lines_key");
    }

    @Test
    void theIndexThatCanBeWalkedIsPreferred() {
        POSTGRES.run(
                "CREATE TABLE app.two (a int NOT NULL)",
                "CREATE UNIQUE INDEX a_partial ON app.two (a) WHERE a > 3",
                "CREATE UNIQUE INDEX b_whole ON app.two (a)");
        assertThat(TableInspection.inspect(database, new TableName("app", "two"), List.of("a"))
                        .keyIndex())
                .isEqualTo("b_whole");
    }

    @Test
    void leavesOfAnyDepthWithQuotedMixedCaseNames() {
        POSTGRES.run(
                "CREATE TABLE \"Odd \"\"Place\".\"Big Table\" (\"Id\" int, \"Region\" text, v int, PRIMARY KEY (\"Id\", \"Region\"))"
                        + " PARTITION BY RANGE (\"Id\")",
                "CREATE TABLE \"Odd \"\"Place\".\"P low\" PARTITION OF \"Odd \"\"Place\".\"Big Table\""
                        + " FOR VALUES FROM (0) TO (1000) PARTITION BY LIST (\"Region\")",
                "CREATE TABLE app.\"Low EU\" PARTITION OF \"Odd \"\"Place\".\"P low\" FOR VALUES IN ('eu')",
                "CREATE TABLE app.\"Low US\" PARTITION OF \"Odd \"\"Place\".\"P low\" FOR VALUES IN ('us')",
                "CREATE TABLE app.\"P high\" PARTITION OF \"Odd \"\"Place\".\"Big Table\" FOR VALUES FROM (1000) TO (2000)",
                "INSERT INTO \"Odd \"\"Place\".\"Big Table\" SELECT i, CASE WHEN i % 2 = 0 THEN 'eu' ELSE 'us' END, 0"
                        + " FROM generate_series(0, 1499) i",
                "ANALYZE \"Odd \"\"Place\".\"Big Table\"");
        TableFacts facts = TableInspection.inspect(database, new TableName("Odd \"Place", "Big Table"), List.of());
        assertThat(facts.partitioned()).isTrue();
        assertThat(facts.leaves().stream().map(l -> l.name().toString()))
                .containsExactlyInAnyOrder("app.Low EU", "app.Low US", "app.P high");
        assertThat(facts.leaves().stream().mapToLong(TableFacts.Leaf::estimatedRows))
                .containsOnly(500L);
        assertThat(facts.estimatedRows()).isEqualTo(1500);
        assertThat(facts.bytes()).isPositive();
        assertThat(facts.keyText()).isEqualTo("Id integer, Region text");
    }

    @Test
    void columnsAndSizes() {
        POSTGRES.run(
                "CREATE TABLE app.cols (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int NOT NULL,"
                        + " twice int GENERATED ALWAYS AS (n * 2) STORED, own int GENERATED BY DEFAULT AS IDENTITY, gone int)",
                "ALTER TABLE app.cols DROP COLUMN gone");
        TableName table = new TableName("app", "cols");
        TableFacts empty = TableInspection.inspect(database, table, List.of());
        assertThat(empty.columns().keySet()).containsExactly("id", "n", "twice", "own");
        assertThat(empty.columns().values().stream()
                        .filter(TableFacts.Column::generated)
                        .map(TableFacts.Column::name))
                .containsExactly("id", "twice");
        assertThat(empty.estimatedRows()).isZero();
        assertThat(empty.partitioned()).isFalse();
        assertThat(empty.leaves()).containsExactly(new TableFacts.Leaf(table, empty.oid(), 0));
        POSTGRES.run(
                "ALTER TABLE app.cols SET (autovacuum_enabled = off)",
                "INSERT INTO app.cols (n) SELECT generate_series(1, 1000)");
        assertThat(TableInspection.inspect(database, table, List.of()).estimatedRows())
                .isEqualTo(-1);
        POSTGRES.run("ANALYZE app.cols");
        assertThat(TableInspection.inspect(database, table, List.of()).estimatedRows())
                .isEqualTo(1000);
    }

    @Test
    void columnsOfATableThatIsFilled() {
        assertThat(TableInspection.columns(database, new TableName("app", "users"), "migrate.insert.into"))
                .containsKeys("id", "name");
        Problem problem = catchThrowableOfType(
                Problem.class,
                () -> TableInspection.columns(database, new TableName("app", "user"), "migrate.insert.into"));
        assertThat(problem.details()).containsEntry("key", "migrate.insert.into");
    }

    @Test
    void aDatabaseThatDoesNotAnswerIsUnavailable() {
        Duration second = Duration.ofSeconds(1);
        var settings = new DatabaseSettings(
                "away",
                "jdbc:postgresql://localhost:1/x",
                "a",
                "b",
                1,
                second,
                second,
                second,
                second,
                second,
                second,
                second);
        try (Database away = Database.open(settings)) {
            Problem problem = catchThrowableOfType(
                    Problem.class, () -> TableInspection.inspect(away, new TableName("app", "users"), List.of()));
            assertThat(problem.kind()).isEqualTo(Problem.Kind.UNAVAILABLE);
        }
    }

    private static List<String> texts(PreparedStatement statement) throws SQLException {
        List<String> texts = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
                texts.add(rows.getString(1));
            }
        }
        return texts;
    }
}
