package dev.sluice.plan;

import static dev.sluice.plan.PlanBench.job;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.job.Job;
import dev.sluice.job.Shape;
import dev.sluice.plan.PlanReport.Finding;
import dev.sluice.problem.Problem;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Real bad states, and what each is told. */
class RefusalTest {
    private static final PlanBench BENCH = new PlanBench();

    @BeforeAll
    static void tables() {
        BENCH.postgres.run(
                "CREATE SCHEMA app",
                "CREATE TABLE app.people (id bigint PRIMARY KEY, first_name text, last_name text, full_name text, n int,"
                        + " shout text GENERATED ALWAYS AS (upper(first_name)) STORED)",
                "INSERT INTO app.people SELECT i, 'f' || i, 'l' || i FROM generate_series(1, 100) i",
                "CREATE TABLE app.by_shout (a text, b text GENERATED ALWAYS AS (lower(a)) STORED NOT NULL UNIQUE)",
                "CREATE TABLE app.totals (person bigint NOT NULL, total numeric NOT NULL, note text NOT NULL, id int GENERATED ALWAYS AS IDENTITY)",
                "CREATE TABLE app.free (person bigint, total numeric)",
                "CREATE TABLE app.keyed (person bigint PRIMARY KEY, total numeric)",
                "CREATE UNIQUE INDEX ON app.free (person)",
                "CREATE TABLE app.big (id int PRIMARY KEY, person bigint, v int)",
                "INSERT INTO app.big SELECT i, i, i FROM generate_series(1, 20000) i",
                "CREATE TABLE app.visits (id int PRIMARY KEY, person bigint REFERENCES app.people ON DELETE CASCADE)",
                "INSERT INTO app.visits SELECT i, 1 FROM generate_series(1, 20000) i",
                "CREATE TABLE app.twin (id bigint PRIMARY KEY, person bigint)",
                "ANALYZE");
    }

    @AfterAll
    static void close() {
        BENCH.close();
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                bad(
                        job("table: app.peple\nset: {n: '1'}"),
                        "no-such-table",
                        "migrate.table",
                        "did you mean app.people"),
                bad(
                        job("table: app.people\nset: {n: '1'}\nkey: [last_name]"),
                        "key-not-unique",
                        "migrate.key",
                        "CREATE UNIQUE INDEX CONCURRENTLY"),
                bad(job("table: app.people\nset: {m: '1'}"), "no-such-column", "migrate.set.m", "ADD COLUMN \"m\""),
                bad(
                        job("table: app.people\nset: {shout: '1'}"),
                        "generated-column",
                        "migrate.set.shout",
                        "leave it out"),
                bad(
                        job("table: app.people\nset: {id: 'id + 1'}"),
                        "key-changes",
                        "migrate.set.id",
                        "another unique key"),
                bad(
                        job("table: app.by_shout\nkey: [b]\nset: {a: \"a || '!'\"}"),
                        "key-changes",
                        "migrate.set.a",
                        "another unique key"),
                bad(
                        job("table: app.people\nset: {full_name: \"frist_name || ' ' || last_name\"}"),
                        "sql-refused",
                        "migrate.set.full_name",
                        "first_name"),
                bad(job("table: app.people\nset: {n: \"'x'::text\"}"), "sql-refused", "migrate.set.n", "cast"),
                bad(job("table: app.people\nset: {n: 'count(*)'}"), "sql-refused", "migrate.set.n", "correct the SQL"),
                bad(
                        job("table: app.people\nset: {n: '1'}\nwhere: n + 1"),
                        "not-boolean",
                        "migrate.where",
                        "comparison"),
                bad(
                        job("table: app.people\nset: {n: '1'}\nwhere: nosuch()"),
                        "sql-refused",
                        "migrate.where",
                        "function"),
                bad(
                        job("table: app.people\nset: {n: '1'}\nwhere: n IS NULL", "n"),
                        "not-boolean",
                        "switch.verify",
                        "comparison"),
                bad(
                        job(
                                "table: app.people\nset: {n: '(SELECT max(v) FROM app.big b WHERE b.person = people.id)'}\nwhere: n IS NULL"),
                        "needs-verify",
                        "switch.verify",
                        "say in switch.verify"),
                bad(
                        job(
                                "table: app.people\nset: {n: '(SELECT max(v) FROM app.big b WHERE b.person = people.id)'}\nwhere: n IS NULL",
                                "n IS NOT NULL"),
                        "scans-other-table",
                        "migrate.set",
                        "CREATE INDEX CONCURRENTLY ON \"app\".\"big\" (person);"),
                bad(
                        job("table: app.people\ndelete: true\nwhere: n IS NULL"),
                        "foreign-key-without-index",
                        "migrate.table",
                        "CREATE INDEX CONCURRENTLY ON \"app\".\"visits\" (\"person\");"),
                bad(
                        job(
                                "table: app.people\ninsert: {into: app.totals, columns: {person: id, total: n}, conflict: {columns: [person], do: nothing}}"),
                        "required-column",
                        "migrate.insert.columns",
                        "give them a default"),
                bad(
                        job(
                                "table: app.people\ninsert: {into: app.totals, columns: {person: id, total: n, note: \"''\"}, conflict: {columns: [person], do: nothing}}"),
                        "conflict-not-unique",
                        "migrate.insert.conflict.columns",
                        "CREATE UNIQUE INDEX CONCURRENTLY ON \"app\".\"totals\" (\"person\")"),
                bad(
                        job(
                                "table: app.people\ninsert: {into: app.totals, columns: {person: id, nope: n}, conflict: {columns: [person], do: nothing}}"),
                        "no-such-column",
                        "migrate.insert.columns.nope",
                        "ADD COLUMN"),
                bad(
                        job(
                                "table: app.people\ninsert: {into: app.totals, columns: {person: id, id: n}, conflict: {columns: [person], do: nothing}}"),
                        "generated-column",
                        "migrate.insert.columns.id",
                        "leave it out"),
                bad(
                        job(
                                "table: app.people\ninsert: {into: app.keyed, columns: {person: first_name}, conflict: {columns: [person], do: error}}"),
                        "sql-refused",
                        "migrate.insert.columns.person",
                        "cast"),
                bad(
                        job(
                                "table: app.people\ninsert: {into: app.nowhere, columns: {person: id}, conflict: {columns: [person], do: error}}"),
                        "no-such-table",
                        "migrate.insert.into",
                        "create it first"),
                bad(
                        job(
                                "table: app.people\ninsert: {into: app.free, columns: {person: id}, conflict: {columns: [person], do: nothing}}"),
                        "key-nullable",
                        "migrate.insert.conflict.columns",
                        "SET NOT NULL"),
                bad(
                        job("table: app.people\nsql: 'UPDATE app.people p SET m = 1 WHERE {batch:p}'"),
                        "sql-refused",
                        "migrate.sql",
                        "correct the SQL"),
                bad(
                        job(
                                "table: app.people\nsql: 'UPDATE app.big p SET v = 1 FROM app.people x WHERE x.id = p.id AND {batch:p}'"),
                        "wrong-alias",
                        "migrate.sql",
                        "name the alias of app.people"),
                bad(
                        job(
                                "table: app.people\nsql: 'UPDATE app.people p SET n = 1 FROM (SELECT 1 AS x) q WHERE {batch:q}'"),
                        "wrong-alias",
                        "migrate.sql",
                        "name that alias"));
    }

    private static Arguments bad(Job job, String code, String key, String fix) {
        return Arguments.of(job, code, key, fix);
    }

    @ParameterizedTest(name = "{1} {2}: {3}")
    @MethodSource("refused")
    void refusesWithTheFix(Job job, String code, String key, String fix) {
        Check check = BENCH.check(job);
        assertThat(check.runnable()).isFalse();
        assertThat(check.refusals()).as(check.findings().toString()).anySatisfy(f -> {
            assertThat(f.code()).isEqualTo(code);
            assertThat(f.key()).isEqualTo(key);
            assertThat(f.fix()).contains(fix);
        });
        assertThatThrownBy(check::factsOrRefuse)
                .isInstanceOf(Problem.class)
                .hasMessageContaining(key)
                .hasMessageContaining(fix);
        PlanReport report = BENCH.plan(job);
        assertThat(report.runnable()).isFalse();
        assertThat(report.sample()).isEmpty();
    }

    /** As if the lexer had let it through: the server alone is asked. */
    @Test
    void whatClosesTheBracketsAroundItIsNotWhole() {
        Job sound = job("table: app.people\nset: {n: '1'}\nwhere: n IS NULL");
        var wheres = Map.of(
                "n IS NULL) OR (true", ") OR (true",
                "n IS NULL) OR (true -- '", "",
                "false) OR E'a' = (E'a'", "");
        wheres.forEach((where, mark) -> assertThat(
                        BENCH.check(with(sound, sound.migrate().shape(), where)).findings())
                .as(where)
                .filteredOn(f -> f.code().equals("not-whole"))
                .singleElement()
                .satisfies(f -> {
                    assertThat(f.key()).isEqualTo("migrate.where");
                    assertThat(f.message())
                            .contains("syntax error")
                            .contains("\n  " + where)
                            .contains("^");
                }));
        Shape set = new Shape.Set(Map.of("n", "1), full_name = ('x'"));
        assertThat(BENCH.check(with(sound, set, "n IS NULL")).findings())
                .filteredOn(f -> f.code().equals("not-whole"))
                .extracting(Finding::key)
                .containsExactly("migrate.set.n");
        Shape sql = new Shape.Sql(
                "UPDATE app.people p SET n = 1 WHERE {batch:p} RETURNING false), more AS (DELETE FROM app.free", "p");
        assertThat(BENCH.check(with(sound, sql, "n IS NULL")).findings())
                .filteredOn(f -> f.code().equals("not-whole"))
                .extracting(Finding::key)
                .containsExactly("migrate.sql");
    }

    private static Job with(Job job, Shape shape, String where) {
        Job.Migrate m = job.migrate();
        return new Job(
                job.name(),
                job.description(),
                job.owner(),
                job.database(),
                new Job.Migrate(
                        m.table(),
                        shape,
                        Optional.of(where),
                        m.key(),
                        m.partitions(),
                        m.batch(),
                        m.throttle(),
                        m.schedule(),
                        m.again(),
                        m.keysStay()),
                job.verify(),
                job.fingerprint(),
                job.definition());
    }

    /** Where a backslash does not stand for itself, a plain string may end elsewhere than it seems. */
    @Test
    void aBackslashInAPlainStringIsRefusedWhereItBeginsAnEscape() {
        try (PlanBench old = new PlanBench()) {
            old.postgres.run(
                    "CREATE TABLE t (id int PRIMARY KEY, a text)",
                    "ALTER DATABASE " + old.postgres.value("SELECT current_database()")
                            + " SET standard_conforming_strings = off");
            try (PlanBench.Again off = old.again()) {
                String hidden = "a = '\\\\' AND a <> ') OR (1=1) OR ('";
                assertThat(off.check(job("table: t\nset: {a: \"'x'\"}\nwhere: \"" + hidden + "\""))
                                .findings())
                        .filteredOn(f -> f.code().equals("escapes-in-strings"))
                        .singleElement()
                        .satisfies(f -> {
                            assertThat(f.key()).isEqualTo("migrate.where");
                            assertThat(f.fix()).contains("E'…'");
                        });
                assertThat(off.check(job("table: t\nset: {a: \"E'\\\\\\\\' || 'x'\"}\nwhere: a IS NULL"))
                                .findings())
                        .noneMatch(f -> f.code().equals("escapes-in-strings"));
            }
        }
    }

    @Test
    void theMarkStandsUnderThePlaceOfTheError() {
        Job job = job(
                "table: app.people\nset:\n  full_name: |\n    first_name ||\n      ' ' || 'ü' || lst_name\nwhere: full_name IS NULL");
        assertThat(BENCH.check(job).refusals())
                .singleElement()
                .satisfies(f -> assertThat(f.message())
                        .contains("column \"lst_name\" does not exist")
                        .endsWith("\n    ' ' || 'ü' || lst_name\n                  ^"));
    }

    @Test
    void aQuestionMarkOperatorIsNoParameter() {
        BENCH.postgres.run(
                "CREATE TABLE app.docs (id int PRIMARY KEY, d jsonb, n int)",
                "INSERT INTO app.docs VALUES (1, '{\"a\": 1}')");
        Job job = job(
                "table: app.docs\nset: {n: \"CASE WHEN d ? 'a' THEN 1 ELSE 0 END\"}\nwhere: \"d ? 'a' AND n IS NULL\"");
        assertThat(BENCH.plan(job).findings()).noneMatch(f -> f.level().equals("refuse"));
    }

    @Test
    void severalRefusalsComeTogether() {
        Job job = job("table: app.people\nset: {m: '1', id: '2', n: nosuch}\nwhere: n + 1");
        assertThat(BENCH.check(job).refusals().stream().map(Finding::key))
                .containsExactlyInAnyOrder("migrate.set.m", "migrate.set.id", "migrate.set.n", "migrate.where");
    }

    @Test
    void refusalsAreMistakesWithTheLineOfTheFile() {
        String yaml = "job: j\nmigrate:\n  table: app.people\n  set:\n    n: nosuch\n  where: n IS NULL\n  key: [id]\n";
        var file = PlanBench.file(yaml);
        var findings = BENCH.check(file.job().orElseThrow()).findings();
        assertThat(FileMistakes.of(file, findings)).singleElement().satisfies(m -> {
            assertThat(m.line()).isEqualTo(5);
            assertThat(m.key()).isEqualTo("migrate.set.n");
            assertThat(m.toString()).startsWith("jobs/j.yaml:5: migrate.set.n: ");
        });
    }

    @Test
    void aConditionOverAllOfABigTableIsRefusedAlsoInWhere() {
        Job job = job("table: app.people\nset: {n: '1'}\nwhere: n < (SELECT avg(v) FROM app.big)");
        assertThat(BENCH.check(job).refusals()).anyMatch(f -> f.code().equals("scans-other-table"));
        Job small = job("table: app.people\nset: {n: '1'}\nwhere: n < (SELECT v FROM app.big ORDER BY id LIMIT 1)");
        assertThat(BENCH.check(small).refusals()).isEmpty();
    }

    @Test
    void rowsThatCannotBeChangedAreMetByTheTrial() {
        Job job = job("table: app.people\nset: {n: '1 / (id - 1)::int'}\nwhere: n IS NULL");
        assertThat(BENCH.check(job).runnable()).isTrue();
        assertThat(BENCH.plan(job).findings()).anySatisfy(f -> {
            assertThat(f.code()).isEqualTo("data-error");
            assertThat(f.message()).contains("22012");
        });
    }

    @Test
    void whatTheServerSaysOfTheTrialsRowsIsNotTold() {
        Job job = job("table: app.people\nset: {n: \"length(('anna' || id)::regclass::text)\"}\nwhere: n IS NULL");
        assertThat(BENCH.plan(job).findings()).anySatisfy(f -> {
            assertThat(f.code()).isEqualTo("sql-refused");
            assertThat(f.message()).contains("42P01 undefined_table").doesNotContain("anna");
        });
    }

    @Test
    void anUnknownDatabaseIsAProblem() {
        Job job = PlanBench.file("job: j\ndatabase: other\nmigrate:\n  table: app.people\n  set: {n: '1'}\n")
                .job()
                .orElseThrow();
        assertThatThrownBy(() -> BENCH.check(job)).isInstanceOf(Problem.class).hasMessageContaining("other");
    }
}
