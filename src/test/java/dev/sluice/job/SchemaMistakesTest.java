package dev.sluice.job;

import static dev.sluice.job.WrongFile.set;
import static dev.sluice.job.WrongFile.with;
import static dev.sluice.job.WrongFile.wrong;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the published schema refuses, in words for people. */
class SchemaMistakesTest {

    static Stream<WrongFile> wrongFiles() {
        return schema().stream();
    }

    @ParameterizedTest
    @MethodSource("wrongFiles")
    void isToldWithItsPlaceAndItsFix(WrongFile file) {
        file.isTold();
    }

    private static List<WrongFile> schema() {
        return List.of(
                wrong(
                        "no job",
                        "migrate: { table: t, set: { b: a } }\n",
                        1,
                        "job",
                        "missing-key",
                        "Add `job: users-full-name`"),
                wrong("no migrate", "job: a\n", 1, "migrate", "missing-key", "Add `migrate:`"),
                wrong(
                        "no table",
                        "job: a\nmigrate:\n  set: { b: a }\n",
                        2,
                        "migrate.table",
                        "missing-key",
                        "Add `table: app.users`"),
                wrong("a word like no key", set("  foo: {}\n"), 6, "migrate.foo", "unknown-key", "Take it away"),
                wrong(
                        "size with a fraction",
                        set("  batch: { size: 1.0 }\n"),
                        6,
                        "migrate.batch.size",
                        "wrong-type",
                        "whole number"),
                wrong(
                        "size with an exponent",
                        set("  batch: { size: 1e3 }\n"),
                        6,
                        "migrate.batch.size",
                        "wrong-type",
                        "digits alone"),
                wrong("misspelt key", set("  bacth: {}\n"), 6, "migrate.bacth", "unknown-key", "Did you mean `batch`?"),
                wrong(
                        "misspelt top key",
                        set("swich: {}\n"),
                        6,
                        "swich",
                        "unknown-key",
                        "at the top",
                        "Did you mean `switch`?"),
                wrong(
                        "key at the wrong place",
                        set("cron: x\n"),
                        6,
                        "cron",
                        "unknown-key",
                        "Did you mean `migrate.schedule.cron`?"),
                wrong(
                        "key out of the blue",
                        set("  flux-capacitor: 1\n"),
                        6,
                        "migrate.flux-capacitor",
                        "unknown-key",
                        "known here: table, set"),
                wrong(
                        "underscore",
                        set("  throttle: { rows_per_second: 5 }\n"),
                        6,
                        "migrate.throttle.rows_per_second",
                        "unknown-key",
                        "Did you mean `rows-per-second`?"),
                wrong(
                        "name with capitals",
                        set("").replace("job: a", "job: A_b"),
                        1,
                        "job",
                        "bad-value",
                        "\"A_b\"",
                        "lower-case"),
                wrong(
                        "name too long",
                        set("").replace("job: a", "job: " + "a".repeat(64)),
                        1,
                        "job",
                        "bad-value",
                        "63"),
                wrong(
                        "name is a number",
                        set("").replace("job: a", "job: 7"),
                        1,
                        "job",
                        "wrong-type",
                        "must be text, but is a number: 7",
                        "job: users"),
                wrong(
                        "owner is a list",
                        set("owner: [a]\n"),
                        6,
                        "owner",
                        "wrong-type",
                        "a list",
                        "Write `owner: accounts-team`"),
                wrong("database", set("database: Main!\n"), 6, "database", "bad-value", "configuration"),
                wrong(
                        "migrate is text",
                        "job: a\nmigrate: soon\n",
                        2,
                        "migrate",
                        "wrong-type",
                        "a mapping of keys",
                        "table, set"),
                wrong(
                        "where is empty",
                        with("").replace(" b IS NULL", "") + "  set: { b: a }\n",
                        4,
                        "migrate.where",
                        "wrong-type",
                        "empty",
                        "full_name IS NULL"),
                wrong(
                        "where is a number",
                        set("").replace("b IS NULL", "5"),
                        4,
                        "migrate.where",
                        "wrong-type",
                        "text or true or false",
                        "condition"),
                wrong("where is blank", set("").replace("b IS NULL", "\" \""), 4, "migrate.where", "empty", "no SQL"),
                wrong("set without columns", with("  set: {}\n"), 5, "migrate.set", "empty", "Write the columns"),
                wrong("set is text", with("  set: b = a\n"), 5, "migrate.set", "wrong-type", "Write the columns"),
                wrong("set to nothing", with("  set: { b: }\n"), 5, "migrate.set.b", "wrong-type", "empty", "\"NULL\""),
                wrong("delete false", with("  delete: false\n"), 5, "migrate.delete", "bad-value", "delete: true"),
                wrong("key is text", set("  key: id\n"), 6, "migrate.key", "wrong-type", "a list", "[id]"),
                wrong("key is empty", set("  key: []\n"), 6, "migrate.key", "empty", "[id]"),
                wrong("key twice", set("  key: [id, id]\n"), 6, "migrate.key", "duplicate-column", "twice"),
                wrong(
                        "key of numbers",
                        set("  key:\n    - id\n    - 5\n"),
                        8,
                        "migrate.key[1]",
                        "wrong-type",
                        "a number: 5"),
                wrong("size 0", set("  batch: { size: 0 }\n"), 6, "migrate.batch.size", "out-of-range", "1 and 100000"),
                wrong(
                        "size too large",
                        set("  batch: { size: 100001 }\n"),
                        6,
                        "migrate.batch.size",
                        "out-of-range",
                        "100000"),
                wrong(
                        "size beyond all",
                        set("  batch: { size: 1e999999999 }\n"),
                        6,
                        "migrate.batch.size",
                        "wrong-type",
                        "whole number"),
                wrong(
                        "size a half",
                        set("  batch: { size: 1.5 }\n"),
                        6,
                        "migrate.batch.size",
                        "wrong-type",
                        "whole number"),
                wrong(
                        "target without unit",
                        set("  batch:\n    target: 200\n"),
                        7,
                        "migrate.batch.target",
                        "wrong-type",
                        "200ms"),
                wrong(
                        "target of an odd unit",
                        set("  batch:\n    target: 5min\n"),
                        7,
                        "migrate.batch.target",
                        "bad-value",
                        "200ms, 5s, 2m, 3h or 14d"),
                wrong(
                        "rows per second",
                        set("  throttle: { rows-per-second: -1 }\n"),
                        6,
                        "migrate.throttle.rows-per-second",
                        "out-of-range",
                        "1000000000"),
                wrong(
                        "again",
                        set("  again: maybe\n"),
                        6,
                        "migrate.again",
                        "wrong-type",
                        "true or false",
                        "again: true"),
                wrong(
                        "no cron",
                        set("  schedule: { zone: UTC }\n"),
                        6,
                        "migrate.schedule.cron",
                        "missing-key",
                        "Add `cron: 0 0 1 * * ?`"),
                wrong(
                        "misfire",
                        set("  schedule: { cron: 0 0 1 * * ?, misfire: never }\n"),
                        6,
                        "migrate.schedule.misfire",
                        "bad-value",
                        "once, skip"),
                wrong("locked", set("  locked: no\n"), 6, "migrate.locked", "bad-value", "wait, skip"));
    }
}
