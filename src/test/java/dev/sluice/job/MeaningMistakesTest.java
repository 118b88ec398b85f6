package dev.sluice.job;

import static dev.sluice.job.WrongFile.insert;
import static dev.sluice.job.WrongFile.set;
import static dev.sluice.job.WrongFile.with;
import static dev.sluice.job.WrongFile.wrong;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What belongs together, names, cron expressions, zones, inserts. */
class MeaningMistakesTest {

    static Stream<WrongFile> wrongFiles() {
        return Stream.of(meaning(), inserts()).flatMap(List::stream);
    }

    @ParameterizedTest
    @MethodSource("wrongFiles")
    void isToldWithItsPlaceAndItsFix(WrongFile file) {
        file.isTold();
    }

    private static List<WrongFile> meaning() {
        return List.of(
                wrong(
                        "no shape",
                        with(""),
                        2,
                        "migrate",
                        "one-shape",
                        "Add one of `set`, `insert`, `delete` and `sql`"),
                wrong(
                        "two shapes",
                        set("  delete: true\n"),
                        6,
                        "migrate.delete",
                        "one-shape",
                        "set and delete",
                        "of its own"),
                wrong(
                        "delete without where",
                        "job: a\nmigrate:\n  table: t\n  delete: true\n",
                        4,
                        "migrate.delete",
                        "missing-where",
                        "`where: \"true\"`"),
                wrong(
                        "schedule without where",
                        "job: a\nmigrate:\n  table: t\n  set: { n: n + 1 }\n  schedule: { cron: 0 0 1 * * ? }\n",
                        5,
                        "migrate.schedule",
                        "not-repeatable",
                        "Add a `where`"),
                wrong(
                        "bad cron",
                        set("  schedule:\n    cron: 0 61 * * * ?\n"),
                        7,
                        "migrate.schedule.cron",
                        "bad-cron",
                        "minute 61 is not 0-59",
                        "six or seven fields"),
                wrong(
                        "bad zone",
                        set("  schedule:\n    cron: 0 0 1 * * ?\n    zone: Europe/Berlln\n"),
                        8,
                        "migrate.schedule.zone",
                        "bad-zone",
                        "Did you mean `Europe/Berlin`?"),
                wrong(
                        "no zone at all",
                        set("  schedule:\n    cron: 0 0 1 * * ?\n    zone: the moon, far side\n"),
                        8,
                        "migrate.schedule.zone",
                        "bad-zone",
                        "Europe/Berlin"),
                wrong(
                        "stripes of a delete",
                        "job: a\nmigrate:\n  table: t\n  delete: true\n  where: done\n  stripes: 8\n",
                        6,
                        "migrate.stripes",
                        "not-for-this-shape",
                        "only `set` knows stripes"),
                wrong(
                        "target too short",
                        set("  batch: { target: 9ms }\n"),
                        6,
                        "migrate.batch.target",
                        "out-of-range",
                        "9ms is not within 10ms and 10s"),
                wrong(
                        "target too long",
                        set("  batch: { target: 1m }\n"),
                        6,
                        "migrate.batch.target",
                        "out-of-range",
                        "1m is not within",
                        "200ms"),
                wrong(
                        "table of three parts",
                        set("").replace("app.t", "db.app.t"),
                        3,
                        "migrate.table",
                        "bad-name",
                        "3 parts",
                        "schema.table"),
                wrong(
                        "table with a space",
                        set("").replace("app.t", "app.my t"),
                        3,
                        "migrate.table",
                        "bad-name",
                        "' ' cannot stand there unquoted"),
                wrong(
                        "table not closed",
                        set("").replace("app.t", "'\"App'"),
                        3,
                        "migrate.table",
                        "bad-name",
                        "never closed"),
                wrong(
                        "table without a schema",
                        set("").replace("app.t", ".t"),
                        3,
                        "migrate.table",
                        "bad-name",
                        "'.' cannot stand there"),
                wrong("table of nothing", set("").replace("app.t", "app."), 3, "migrate.table", "bad-name", "empty"),
                wrong(
                        "column too long",
                        with("  set: { " + "x".repeat(64) + ": a }\n"),
                        5,
                        "migrate.set." + "x".repeat(64),
                        "bad-name",
                        "64 bytes, PostgreSQL keeps 63"),
                wrong("column with a table", with("  set: { t.b: a }\n"), 5, "migrate.set.t.b", "bad-name", "2 parts"),
                wrong(
                        "columns that fold",
                        with("  set:\n    b: a\n    B: c\n"),
                        7,
                        "migrate.set.B",
                        "duplicate-column",
                        "\"b\" names the same",
                        "fold"),
                wrong(
                        "keys that fold",
                        set("  key:\n    - ID\n    - '\"id\"'\n"),
                        8,
                        "migrate.key[1]",
                        "duplicate-column",
                        "twice"),
                wrong(
                        "key column is set",
                        set("  key: [a, b]\n"),
                        6,
                        "migrate.key[1]",
                        "key-changes",
                        "`set` changes b",
                        "stay as they are"));
    }

    private static List<WrongFile> inserts() {
        String conflict = "    conflict: { columns: [x], do: nothing }\n";
        return List.of(
                wrong("no conflict", insert(""), 5, "migrate.insert.conflict", "missing-key", "Add `conflict:"),
                wrong(
                        "conflict without columns",
                        insert("    conflict: { do: nothing }\n"),
                        8,
                        "migrate.insert.conflict.columns",
                        "missing-key",
                        "Add `columns:"),
                wrong(
                        "conflict of an odd sort",
                        insert("    conflict: { columns: [x], do: ignore }\n"),
                        8,
                        "migrate.insert.conflict.do",
                        "bad-value",
                        "nothing, update, error"),
                wrong(
                        "conflict over a column that is not filled",
                        insert("    conflict:\n      columns: [x, z]\n      do: nothing\n"),
                        9,
                        "migrate.insert.conflict.columns[1]",
                        "unknown-column",
                        "does not fill z"),
                wrong(
                        "nothing to update",
                        insert("    conflict:\n      columns: [x, y]\n      do: update\n"),
                        10,
                        "migrate.insert.conflict.do",
                        "bad-value",
                        "Write `do: nothing`"),
                wrong(
                        "into itself",
                        insert(conflict).replace("app.u", "APP.T"),
                        6,
                        "migrate.insert.into",
                        "same-table",
                        "use `set`"),
                wrong(
                        "orphans",
                        insert(conflict + "    orphans: adopt\n"),
                        9,
                        "migrate.insert.orphans",
                        "bad-value",
                        "check, allow"),
                wrong(
                        "insert column",
                        insert(conflict).replace("y: b", "y: b)"),
                        7,
                        "migrate.insert.columns.y",
                        "bad-sql",
                        "closes nothing"));
    }
}
