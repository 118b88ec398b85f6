package dev.sluice.job;

import static dev.sluice.job.WrongFile.set;
import static dev.sluice.job.WrongFile.wrong;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What can be wrong with the signals that a job file defines itself. */
class CustomSignalMistakesTest {
    private static final String SQL = "name: queue, query: SELECT 1, limit: 5";
    private static final String HTTP = "name: brake, url: http://a/b";
    private static final String PROMETHEUS = "name: p99, url: http://a, query: up, limit: 5";

    static Stream<WrongFile> wrongFiles() {
        return Stream.of(sql(), http(), prometheus(), names()).flatMap(List::stream);
    }

    @ParameterizedTest
    @MethodSource("wrongFiles")
    void isToldWithItsPlaceAndItsFix(WrongFile file) {
        file.isTold();
    }

    @Test
    void whatTheTestsBeginWithIsRight() {
        assertThat(WrongFile.READER
                        .read(
                                "a.yaml",
                                set("  throttle: { sql: [{ " + SQL + " }], http: [{ " + HTTP + " }], prometheus: [{ "
                                        + PROMETHEUS + " }] }\n"))
                        .mistakes())
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ftp://me:s3cret@a/b", "http://me:s3cret@a/b", "http://s3cret@a", "http://a/%s3cret"})
    void noMistakeRepeatsAnAddress(String url) {
        JobFile file =
                WrongFile.READER.read("a.yaml", set("  throttle: { http: [{ name: a, url: \"" + url + "\" }] }\n"));

        assertThat(file.mistakes()).hasSize(1);
        assertThat(file.mistakes().get(0).toString()).doesNotContain("s3cret", "me:");
    }

    /** The one signal of a list at line 8, its key wrong. */
    private static WrongFile signal(String list, String key, String keys, String code, String... words) {
        return wrong(
                list + ": " + keys,
                set("  throttle:\n    " + list + ":\n      - { " + keys + " }\n"),
                8,
                "migrate.throttle." + list + "[0]" + key,
                code,
                words);
    }

    private static List<WrongFile> sql() {
        return List.of(
                wrong(
                        "text for a list",
                        set("  throttle: { sql: SELECT 1 }\n"),
                        6,
                        "migrate.throttle.sql",
                        "wrong-type",
                        "a list",
                        "name: queue"),
                wrong("no signal", set("  throttle: { sql: [] }\n"), 6, "migrate.throttle.sql", "empty", "name: queue"),
                wrong(
                        "text for a signal",
                        set("  throttle: { sql: [SELECT 1] }\n"),
                        6,
                        "migrate.throttle.sql[0]",
                        "wrong-type",
                        "a mapping of keys",
                        "name: queue"),
                signal("sql", ".name", "query: SELECT 1, limit: 5", "missing-key", "Add `name: queue`"),
                signal("sql", ".query", "name: a, limit: 5", "missing-key", "Add `query: SELECT count(*)"),
                signal("sql", ".limit", "name: a, query: SELECT 1", "missing-key", "Add `limit: 1000`"),
                signal("sql", ".url", SQL + ", url: http://a", "unknown-key", "known here: name, query, limit"),
                signal("sql", ".name", SQL.replace("queue", "Queue_1"), "bad-value", "lower-case"),
                signal("sql", ".name", SQL.replace("queue", "a".repeat(64)), "bad-value", "63"),
                signal("sql", ".limit", SQL.replace("5", "5s"), "wrong-type", "`limit: 1000`"),
                signal("sql", ".limit", SQL.replace("5", "0"), "out-of-range", "0.001 and 1000000000000000"),
                signal("sql", ".every", SQL + ", every: 5", "wrong-type", "200ms, 5s"),
                signal("sql", ".every", SQL + ", every: 999ms", "out-of-range", "999ms is not within 1s and 1h"),
                signal("sql", ".every", SQL + ", every: 61m", "out-of-range", "61m is not within 1s and 1h"),
                signal("sql", ".on-unknown", SQL + ", on-unknown: hold on", "bad-value", "hold, ignore"),
                query("'  '", "empty", "no SQL"),
                query("DELETE FROM app.queue", "bad-sql", "it begins with DELETE", "one SELECT"),
                query("VALUES (1)", "bad-sql", "it begins with VALUES"),
                query("SELECT 1; SELECT 2", "bad-sql", "a ; ends the statement"),
                query("SELECT (1", "bad-sql", "never closed"),
                query("SELECT $1", "bad-sql", "Write the value itself"),
                query("WITH a AS (DELETE FROM b RETURNING c) SELECT count(*) FROM a", "bad-sql", "only reads"),
                query("WITH a AS (SELECT 1) UPDATE b SET c = 1", "bad-sql", "it begins with WITH"),
                query("'SELECT 1 WHERE {batch:a}'", "bad-placeholder", "no key range"));
    }

    private static WrongFile query(String query, String code, String... words) {
        return wrong(
                query,
                set("  throttle:\n    sql:\n      - name: a\n        limit: 5\n        query: " + query + "\n"),
                10,
                "migrate.throttle.sql[0].query",
                code,
                words);
    }

    private static List<WrongFile> http() {
        return List.of(
                signal("http", ".url", "name: a", "missing-key", "Add `url: http://metrics.internal:9090`"),
                signal("http", ".url", "name: a, url: 5", "wrong-type", "http://metrics.internal:9090"),
                signal("http", ".url", "name: a, url: ''", "empty", "http://metrics.internal:9090"),
                signal("http", ".url", "name: a, url: 'http://a b'", "bad-value", "at character 9"),
                signal("http", ".url", "name: a, url: ops/brake", "bad-value", "http:// or https://"),
                signal("http", ".url", "name: a, url: file:///etc/passwd", "bad-value", "http:// or https://"),
                signal("http", ".url", "name: a, url: http://me:x@b/c", "bad-value", "no place for secrets"),
                signal("http", ".url", "name: a, url: http://me:x@b_c/d", "bad-value", "no place for secrets"),
                signal("http", ".url", "name: a, url: http:///c", "bad-value", "no host"),
                signal("http", ".url", "name: a, url: http://b:70000/", "bad-value", "no port that there is"),
                signal("http", ".url", "name: a, url: 'http://b/c#d'", "bad-value", "never sent"),
                signal("http", ".limit", HTTP + ", pointer: /a", "missing-key", "Add `limit: 1000`", "status alone"),
                signal("http", ".pointer", HTTP + ", limit: 5", "missing-key", "Add `pointer: /queue/length`"),
                signal("http", ".pointer", HTTP + ", limit: 5, pointer: a/b", "bad-value", "`pointer: /queue/length`"),
                signal("http", ".pointer", HTTP + ", limit: 5, pointer: /a~2", "bad-value", "JSON pointer"),
                signal("http", ".limit", HTTP + ", limit: -5, pointer: /a", "out-of-range", "-5 is not within"),
                signal("http", ".headers", HTTP + ", headers: {}", "unknown-key", "known here: name, url, pointer"));
    }

    private static List<WrongFile> prometheus() {
        return List.of(
                signal(
                        "prometheus",
                        ".query",
                        "name: a, url: http://b, limit: 1",
                        "missing-key",
                        "max(app_p99_seconds)"),
                signal("prometheus", ".limit", "name: a, url: http://b, query: up", "missing-key", "limit: 1000"),
                signal("prometheus", ".query", PROMETHEUS.replace("up", "5"), "wrong-type", "max(app_p99_seconds)"),
                signal("prometheus", ".query", PROMETHEUS.replace("up", "' '"), "empty", "PromQL"),
                signal("prometheus", ".query", PROMETHEUS.replace("up", "x".repeat(4001)), "too-large", "4000"),
                signal("prometheus", ".url", PROMETHEUS.replace("//a", "//a/api/v1/query"), "bad-value", "Sluice adds"),
                signal("prometheus", ".url", PROMETHEUS.replace("//a", "//a?b=c"), "bad-value", "address of a query"),
                signal("prometheus", ".pointer", PROMETHEUS + ", pointer: /a", "unknown-key", "known here"));
    }

    private static List<WrongFile> names() {
        String two = "  throttle:\n    sql: [{ " + SQL + " }]\n    http:\n      - { name: queue, url: http://a }\n";
        return List.of(
                wrong(
                        "a name in two lists",
                        set(two),
                        9,
                        "migrate.throttle.http[0].name",
                        "duplicate-name",
                        "`migrate.throttle.sql[0]` has that name already"),
                signal("sql", ".name", SQL.replace("queue", "replica-lag"), "duplicate-name", "a key of `throttle`"),
                signal("http", ".name", HTTP.replace("brake", "windows"), "duplicate-name", "of its own"),
                signal("http", ".name", HTTP.replace("brake", "rows-per-second"), "duplicate-name", "of its own"),
                signal("sql", ".name", SQL.replace("queue", "cores"), "duplicate-name", "a key of `throttle`"),
                signal("sql", ".name", SQL.replace("queue", "paused"), "duplicate-name", "a reason", "of its own"));
    }
}
