package dev.sluice.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.database.Database;
import dev.sluice.database.DatabaseSettings;
import dev.sluice.problem.Problem;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableFacts.KeyColumn;
import dev.sluice.testing.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Tables and keys that are refused, each with the fix. */
class TableRefusalTest {
    private static final TestPostgres.Fresh POSTGRES = TestPostgres.create();
    private static Database database;

    @BeforeAll
    static void open() {
        database = Database.open(DatabaseSettings.of("main", POSTGRES.url(), POSTGRES.user(), POSTGRES.password()));
        POSTGRES.run(
                "CREATE SCHEMA app",
                "CREATE TABLE app.users (id bigint PRIMARY KEY, name text)",
                "CREATE EXTENSION IF NOT EXISTS btree_gist");
    }

    @AfterAll
    static void close() {
        database.close();
    }

    /** DDL, table, key, and what must come back: code, key of the job file, a piece of the fix. */
    static Stream<Arguments> badTables() {
        return Stream.of(
                bad("", "app.usres", "", "no-such-table", "migrate.table", "did you mean app.users?"),
                bad("", "public.users", "", "no-such-table", "migrate.table", "did you mean app.users?"),
                bad("", "nowhere.xyz", "", "no-such-table", "migrate.table", "schema \"nowhere\" has 0 tables"),
                bad(
                        "CREATE VIEW app.v1 AS SELECT 1 AS id",
                        "app.v1",
                        "",
                        "not-a-table",
                        "migrate.table",
                        "behind the view"),
                bad(
                        "CREATE MATERIALIZED VIEW app.m1 AS SELECT 1 AS id",
                        "app.m1",
                        "",
                        "not-a-table",
                        "migrate.table",
                        "ordinary or partitioned"),
                bad("CREATE SEQUENCE app.s1", "app.s1", "", "not-a-table", "migrate.table", "ordinary or partitioned"),
                bad("", "pg_catalog.pg_class", "", "not-a-table", "migrate.table", "ordinary or partitioned"),
                bad(
                        "CREATE TABLE app.parent1 (id int PRIMARY KEY); CREATE TABLE app.child1 () INHERITS (app.parent1)",
                        "app.parent1",
                        "",
                        "inheritance-children",
                        "migrate.table",
                        "NO INHERIT"),
                bad(
                        "CREATE FOREIGN DATA WRAPPER f1; CREATE SERVER far FOREIGN DATA WRAPPER f1;"
                                + "CREATE TABLE app.p1 (id int NOT NULL) PARTITION BY RANGE (id);"
                                + "CREATE FOREIGN TABLE app.p1_far PARTITION OF app.p1 FOR VALUES FROM (0) TO (9) SERVER far;"
                                + "CREATE FOREIGN TABLE app.f1 (id int) SERVER far",
                        "app.p1",
                        "",
                        "foreign-partition",
                        "migrate.table",
                        "each local partition"),
                bad("", "app.f1", "", "not-a-table", "migrate.table", "ordinary or partitioned"),
                bad(
                        "CREATE TABLE app.bare (a int)",
                        "app.bare",
                        "",
                        "no-primary-key",
                        "migrate.key",
                        "add a primary key"),
                bad(
                        "CREATE TABLE app.nokey (a int UNIQUE)",
                        "app.nokey",
                        "",
                        "no-primary-key",
                        "migrate.key",
                        "add a primary key"),
                bad(
                        "CREATE TABLE app.twokeys (id int NOT NULL UNIQUE, a int NOT NULL, b int NOT NULL, UNIQUE (a, b))",
                        "app.twokeys",
                        "",
                        "several-unique-indexes",
                        "migrate.key",
                        "key: [a, b] (index \"twokeys_a_b_key\") or key: [id] (index \"twokeys_id_key\")"),
                bad(
                        "CREATE TABLE app.defers (a int NOT NULL UNIQUE, b int NOT NULL UNIQUE,"
                                + " c int PRIMARY KEY DEFERRABLE)",
                        "app.defers",
                        "",
                        "several-unique-indexes",
                        "migrate.key",
                        "key: [a] (index \"defers_a_key\") or key: [b]"),
                bad("", "app.users", "nam", "no-such-column", "migrate.key", "did you mean name?"),
                bad("", "app.users", "id,id", "key-column-twice", "migrate.key", "name each once"),
                bad(
                        "",
                        "app.users",
                        "name",
                        "key-not-unique",
                        "migrate.key",
                        "CREATE UNIQUE INDEX CONCURRENTLY ON \"app\".\"users\" (\"name\"), or use key: [id]"),
                bad(
                        "CREATE TABLE app.nul (a int UNIQUE)",
                        "app.nul",
                        "a",
                        "key-nullable",
                        "migrate.key",
                        "ALTER TABLE \"app\".\"nul\" ADD CONSTRAINT \"sluice_a_not_null\" CHECK (\"a\" IS NOT NULL) NOT VALID;"
                                + " ALTER TABLE \"app\".\"nul\" VALIDATE CONSTRAINT"),
                bad(
                        "CREATE TABLE app.nul18 (a int UNIQUE); ALTER TABLE app.nul18 ADD CONSTRAINT n NOT NULL a NOT VALID",
                        "app.nul18",
                        "a",
                        "key-nullable",
                        "migrate.key",
                        "SET NOT NULL"),
                bad(
                        "CREATE TABLE app.part (a int NOT NULL); CREATE UNIQUE INDEX ON app.part (a) WHERE a > 0",
                        "app.part",
                        "a",
                        "key-index-partial",
                        "migrate.key",
                        "CREATE UNIQUE INDEX CONCURRENTLY"),
                bad(
                        "CREATE TABLE app.expr (a text NOT NULL); CREATE UNIQUE INDEX ON app.expr (lower(a))",
                        "app.expr",
                        "a",
                        "key-not-unique",
                        "migrate.key",
                        "CREATE UNIQUE INDEX CONCURRENTLY ON \"app\".\"expr\" (\"a\")"),
                bad(
                        "CREATE TABLE app.defer (a int PRIMARY KEY DEFERRABLE)",
                        "app.defer",
                        "",
                        "key-deferrable",
                        "migrate.key",
                        "not deferrable"),
                bad(
                        "CREATE TABLE app.inval (a int NOT NULL) PARTITION BY RANGE (a);"
                                + "CREATE TABLE app.inval1 PARTITION OF app.inval FOR VALUES FROM (0) TO (9);"
                                + "ALTER TABLE ONLY app.inval ADD PRIMARY KEY (a)",
                        "app.inval",
                        "",
                        "key-index-invalid",
                        "migrate.key",
                        "REINDEX INDEX CONCURRENTLY \"app\".\"inval_pkey\""),
                bad(
                        "CREATE TABLE app.opc (a text NOT NULL); CREATE UNIQUE INDEX ON app.opc (a text_pattern_ops)",
                        "app.opc",
                        "a",
                        "key-index-opclass",
                        "migrate.key",
                        "plain unique index"),
                bad(
                        "CREATE TABLE app.coll (a text NOT NULL); CREATE UNIQUE INDEX ON app.coll (a COLLATE \"C\")",
                        "app.coll",
                        "a",
                        "key-index-collation",
                        "migrate.key",
                        "plain unique index"),
                bad(
                        "CREATE TABLE app.mixed (a int NOT NULL, b int NOT NULL);"
                                + "CREATE UNIQUE INDEX ON app.mixed (a, b DESC)",
                        "app.mixed",
                        "a,b",
                        "key-index-direction",
                        "migrate.key",
                        "(\"a\", \"b\")"),
                bad(
                        "CREATE TABLE app.nullsf (a int NOT NULL); CREATE UNIQUE INDEX ON app.nullsf (a NULLS FIRST)",
                        "app.nullsf",
                        "a",
                        "key-index-direction",
                        "migrate.key",
                        "plain unique index"),
                unfit("money", ""),
                unfit("regclass", ""),
                unfit("money[]", ""),
                unfit("app.price", "CREATE TYPE app.price AS (a int, b money)"),
                unfit("app.bill", "CREATE DOMAIN app.bill AS money CHECK (VALUE > 0::money)"),
                bad(
                        "CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext;"
                                + " CREATE TABLE app.people (tenant int, mail ext.citext, PRIMARY KEY (tenant, mail))",
                        "app.people",
                        "",
                        "key-operators-hidden",
                        "migrate.key",
                        "add ext to the search_path"),
                bad(
                        "CREATE TABLE app.period (id int, valid int4range, PRIMARY KEY (id, valid WITHOUT OVERLAPS))",
                        "app.period",
                        "",
                        "key-index-method",
                        "migrate.key",
                        "plain unique index"));
    }

    private static Arguments unfit(String type, String ddl) {
        String table = "app.unfit_" + type.replaceAll("\\W", "_");
        return bad(
                ddl + "; CREATE TABLE " + table + " (k " + type + " PRIMARY KEY)",
                table,
                "",
                "key-type",
                "migrate.key",
                "name a key of other columns");
    }

    private static Arguments bad(String ddl, String table, String key, String code, String jobKey, String fix) {
        return Arguments.of(ddl, table, key, code, jobKey, fix);
    }

    @ParameterizedTest(name = "{1} {2}: {3}")
    @MethodSource("badTables")
    void refusesWithTheFix(String ddl, String table, String key, String code, String jobKey, String fix) {
        assumeTrue(
                POSTGRES.version() >= 18 || !ddl.contains("NOT NULL a NOT VALID") && !ddl.contains("WITHOUT OVERLAPS"));
        if (!ddl.isEmpty()) {
            POSTGRES.run(ddl);
        }
        String[] parts = table.split("\\.");
        List<String> columns = key.isEmpty() ? List.of() : List.of(key.split(","));
        Problem problem = catchThrowableOfType(
                Problem.class, () -> TableInspection.inspect(database, new TableName(parts[0], parts[1]), columns));
        assertThat(problem.kind()).isEqualTo(Problem.Kind.UNPROCESSABLE);
        assertThat(problem.code()).isEqualTo(code);
        assertThat(problem.details()).containsEntry("key", jobKey);
        assertThat(String.valueOf(problem.details().get("fix"))).contains(fix);
        assertThat(problem.getMessage()).contains(" Fix: ");
    }

    @Test
    void theFixForANullableKeyWorksAsPrinted() {
        POSTGRES.run("CREATE TABLE app.mendme (a int UNIQUE)");
        TableName table = new TableName("app", "mendme");
        Problem problem =
                catchThrowableOfType(Problem.class, () -> TableInspection.inspect(database, table, List.of("a")));
        String fix = String.valueOf(problem.details().get("fix"));
        POSTGRES.run(fix.substring(fix.indexOf("ALTER TABLE")));
        assertThat(TableInspection.inspect(database, table, List.of("a")).key())
                .containsExactly(new KeyColumn("a", "integer"));
    }

    @Test
    void anInvalidIndexIsNotTaken() throws SQLException {
        POSTGRES.run("CREATE TABLE app.dup (a int NOT NULL)", "INSERT INTO app.dup VALUES (1), (1)");
        try (Connection c = POSTGRES.connect();
                var s = c.createStatement()) {
            assertThatThrownBy(() -> s.execute("CREATE UNIQUE INDEX CONCURRENTLY dup_a ON app.dup (a)"))
                    .isInstanceOf(SQLException.class);
        }
        Problem problem = catchThrowableOfType(
                Problem.class, () -> TableInspection.inspect(database, new TableName("app", "dup"), List.of("a")));
        assertThat(problem.code()).isEqualTo("key-index-invalid");
    }
}
