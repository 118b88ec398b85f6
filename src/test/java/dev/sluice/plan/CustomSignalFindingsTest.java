package dev.sluice.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.database.Databases;
import dev.sluice.job.JobFile;
import dev.sluice.plan.PlanReport.Finding;
import dev.sluice.testing.WebStandIn;
import dev.sluice.time.Time;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The signals that a job file defines itself are read once, and what a run would meet is told. */
class CustomSignalFindingsTest {
    private static final PlanBench BENCH = new PlanBench();
    private static final String ROLE = "chosen_" + ProcessHandle.current().pid();
    private static Databases databases;
    private static DryRun dryRun;

    @BeforeAll
    static void role() {
        BENCH.postgres.run(
                "CREATE SCHEMA app",
                "CREATE TABLE app.people (id int PRIMARY KEY, name text)",
                "INSERT INTO app.people VALUES (1, 'Anna'), (2, 'Ben')",
                "ANALYZE",
                "CREATE ROLE " + ROLE + " LOGIN PASSWORD 'worker'",
                "GRANT USAGE ON SCHEMA app, sluice TO " + ROLE,
                "GRANT ALL ON ALL TABLES IN SCHEMA app TO " + ROLE,
                "GRANT ALL ON ALL TABLES IN SCHEMA sluice TO " + ROLE,
                "CREATE TABLE app.secret (id int)",
                "CREATE SEQUENCE app.numbers",
                "GRANT ALL ON app.numbers TO " + ROLE);
        databases = BENCH.databases(ROLE, "worker");
        dryRun = new DryRun(databases, 0.005, Time.system());
    }

    @AfterAll
    static void close() {
        databases.close();
        BENCH.postgres.run("DROP OWNED BY " + ROLE, "DROP ROLE " + ROLE);
        BENCH.close();
    }

    /** A job with this under {@code throttle}. */
    private static JobFile file(String... throttle) {
        return PlanBench.file("job: j\nmigrate:\n  table: app.people\n  set: { name: upper(name) }\n"
                + "  where: name <> upper(name)\n  throttle:\n    active-sessions: off\n"
                + String.join("\n", throttle).indent(4));
    }

    private static List<Finding> found(List<Finding> all) {
        return all.stream()
                .filter(f -> f.key().startsWith("migrate.throttle.") && f.key().contains("["))
                .toList();
    }

    private static Finding query(String query, String... more) {
        JobFile file =
                file("sql:", "- name: load", "  query: |", "    " + query, "  limit: 10", String.join("\n", more));
        List<Finding> found = found(dryRun.examine(file.job().orElseThrow()).findings());
        assertThat(found).hasSize(1);
        assertThat(found.getFirst().key()).isEqualTo("migrate.throttle.sql[load]");
        assertThat(found.getFirst().message()).doesNotContain("Anna", "Ben");
        return found.getFirst();
    }

    private static Finding place(String... place) {
        List<Finding> found = found(dryRun.plan(file(place).job().orElseThrow()).findings());
        assertThat(found).hasSize(1);
        return found.getFirst();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SELECT count(*) FROM app.people        | load 2 < 10.",
                "SELECT 10                              | load 10 >= 10: a run would go slower now, or hold.",
                "SELECT coalesce(max(id), 0) FROM app.people WHERE id > 5 | load 0 < 10.",
            })
    void aNumberIsShown(String query, String text) {
        assertThat(query(query)).isEqualTo(new Finding("info", "signal-read", "migrate.throttle.sql[load]", text, ""));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SELECT count(*) FROM app.peeple       | 42P01 relation \"app.peeple\" does not exist | psql",
                "SELECT count(*) FORM app.people       | 42601 syntax error                           | psql",
                "SELECT count(nmae) FROM app.people    | 42703 column \"nmae\" does not exist         | psql",
                "SELECT count(*) FROM app.secret       | 42501 permission denied for table secret     | GRANT",
                "SELECT nextval('app.numbers')         | 25006 cannot execute nextval() in a read-only transaction | only reads",
                "SELECT id, name FROM app.people       | the query gives 2 columns, not one           | one row with one number",
                "SELECT name FROM app.people           | the query gives text, not a number           | one row with one number",
                "SELECT true                           | the query gives bool, not a number           | one row with one number",
            })
    void aQueryThatNeverGivesANumberIsRefused(String query, String why, String fix) {
        Finding refused = query(query);
        assertThat(refused.level()).isEqualTo("refuse");
        assertThat(refused.code()).isEqualTo("signal-unreadable");
        assertThat(refused.message())
                .startsWith("Signal load cannot be read: " + why)
                .endsWith(". A run would hold without end.");
        assertThat(refused.fix()).contains(fix).endsWith(".");

        Finding off = query(query, "  on-unknown: ignore");
        assertThat(off.level()).isEqualTo("warn");
        assertThat(off.code()).isEqualTo("signal-off");
        assertThat(off.message()).contains(why).endsWith(". A run goes on without it.");
        assertThat(BENCH.postgres.value("SELECT is_called FROM app.numbers")).isEqualTo("f");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SELECT max(id) FROM app.people WHERE id > 5 | the query gives NULL              | coalesce",
                "SELECT id FROM app.people WHERE id > 5      | the query gives no row            | coalesce",
                "SELECT id FROM app.people                   | the query gives more than one row | coalesce",
                "SELECT 'NaN'::float8                        | it gives NaN                      | coalesce",
                "SELECT sum(name::int) FROM app.people       | 22P02 invalid_text_representation | error",
                "SELECT 1 FROM pg_sleep(30)                  | the query takes longer than 1 s   | cheaper",
            })
    void whatMayBeOtherwiseTheNextTimeIsAWarning(String query, String why, String fix) {
        Finding unknown = query(query);
        assertThat(unknown.level()).isEqualTo("warn");
        assertThat(unknown.code()).isEqualTo("signal-unknown");
        assertThat(unknown.message())
                .startsWith("Signal load is unknown now: " + why)
                .endsWith(". A run holds while that is so.");
        assertThat(unknown.fix()).contains(fix, "on-unknown: ignore").endsWith(".");

        Finding ignored = query(query, "  on-unknown: ignore");
        assertThat(ignored.level()).isEqualTo("warn");
        assertThat(ignored.message()).endsWith(". A run goes on without it.");
        assertThat(ignored.fix()).doesNotContain("on-unknown");
    }

    @Test
    void theMistakeHasTheLineOfItsSignal() {
        JobFile file = file(
                "sql:",
                "- { name: good, query: SELECT 1, limit: 2 }",
                "- { name: bad, query: SELECT count(*) FROM nowhere, limit: 2 }",
                "http: [{ name: away, url: 'http://127.0.0.1:1' }]");
        var findings = dryRun.examine(file.job().orElseThrow()).findings();
        assertThat(FileMistakes.of(file, findings)).singleElement().satisfies(m -> {
            assertThat(m.key()).isEqualTo("migrate.throttle.sql[bad]");
            assertThat(m.line()).isEqualTo(10);
        });
        assertThat(FileMistakes.line(file, "migrate.throttle.http[away].url")).isEqualTo(11);
        assertThat(FileMistakes.line(file, "migrate.throttle.sql[nobody]")).isEqualTo(8);
    }

    @Test
    void otherPlacesAreAskedOnceAndByThePlanAlone() {
        try (var web = new WebStandIn()) {
            web.answers(200, "{\"backlog\": 7}");
            String[] backlog = {
                "http: [{ name: backlog, url: '" + web.url("/state") + "', pointer: /backlog, limit: 5 }]"
            };
            assertThat(found(dryRun.examine(file(backlog).job().orElseThrow()).findings()))
                    .isEmpty();
            assertThat(web.asked).isEmpty();
            assertThat(place(backlog))
                    .isEqualTo(new Finding(
                            "info",
                            "signal-read",
                            "migrate.throttle.http[backlog]",
                            "backlog 7 >= 5: a run would go slower now, or hold.",
                            ""));
            assertThat(web.asked).extracting(URI::getPath).containsExactly("/state");

            String[] brake = {"http: [{ name: brake, url: '" + web.url("/brake") + "' }]"};
            assertThat(place(brake).message()).isEqualTo("brake answers 200.");
            web.answers(503, "");
            assertThat(place(brake).message())
                    .isEqualTo("brake answers 503, whatever the limit: a run would go slower now, or hold.");

            web.answers(200, "{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1,\"0.5\"]}}");
            Finding p99 = place("prometheus: [{ name: p99, url: '" + web.url("") + "', query: p99, limit: 0.2 }]");
            assertThat(p99.key()).isEqualTo("migrate.throttle.prometheus[p99]");
            assertThat(p99.message()).startsWith("p99 0.5 >= 0.2");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"backlog: many", "[]", "{\"backlog\": \"many\"}", "{}", ""})
    void anAnswerWithoutANumberIsAWarningAndTheJobIsRunnable(String answer) {
        try (var web = new WebStandIn()) {
            web.answers(200, answer);
            JobFile file = file("http: [{ name: backlog, url: '" + web.url("/") + "', pointer: /backlog, limit: 5 }]");
            PlanReport report = dryRun.plan(file.job().orElseThrow());
            assertThat(report.runnable()).isTrue();
            assertThat(found(report.findings())).singleElement().satisfies(f -> {
                assertThat(f.level()).isEqualTo("warn");
                assertThat(f.code()).isEqualTo("signal-unknown");
                assertThat(f.message())
                        .startsWith("Signal backlog is unknown now: ")
                        .doesNotContain("many");
                assertThat(f.fix()).contains("workers", "on-unknown: ignore");
            });
        }
    }

    @Test
    @Timeout(20)
    void placesThatDoNotAnswerAreWaitedForTogetherAndNotForLong() {
        try (var web = new WebStandIn()) {
            web.keepsSilent();
            String[] many = new String[21];
            many[0] = "http:";
            for (int i = 1; i < many.length; i++) {
                many[i] = "- { name: s" + i + ", url: '" + web.url("/") + "' }";
            }
            long begin = Time.system().nanos();
            PlanReport report = dryRun.plan(file(many).job().orElseThrow());
            assertThat(Duration.ofNanos(Time.system().nanos() - begin)).isLessThan(Duration.ofSeconds(15));
            assertThat(found(report.findings()))
                    .hasSize(20)
                    .allSatisfy(f -> assertThat(f.message()).contains("no whole answer within 2000 ms"));
            assertThat(report.runnable()).isTrue();
        }
        assertThat(place("prometheus: [{ name: p, url: 'http://127.0.0.1:1', query: up, limit: 1 }]")
                        .message())
                .contains("the connection is refused");
    }
}
