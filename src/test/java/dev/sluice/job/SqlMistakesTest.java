package dev.sluice.job;

import static dev.sluice.job.WrongFile.set;
import static dev.sluice.job.WrongFile.sql;
import static dev.sluice.job.WrongFile.with;
import static dev.sluice.job.WrongFile.wrong;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** SQL that can be refused without asking a server. */
class SqlMistakesTest {

    static Stream<WrongFile> wrongFiles() {
        return statements().stream();
    }

    @ParameterizedTest
    @MethodSource("wrongFiles")
    void isToldWithItsPlaceAndItsFix(WrongFile file) {
        file.isTold();
    }

    private static List<WrongFile> statements() {
        return List.of(
                wrong(
                        "open string",
                        with("  set: { b: \"'a\" }\n"),
                        5,
                        "migrate.set.b",
                        "bad-sql",
                        "a ' is never closed",
                        "''"),
                wrong(
                        "open bracket",
                        with("  set: { b: upper(a }\n"),
                        5,
                        "migrate.set.b",
                        "bad-sql",
                        "a ( is never closed",
                        "Balance"),
                wrong(
                        "bracket too many",
                        set("").replace("b IS NULL", "a) OR (b"),
                        4,
                        "migrate.where",
                        "bad-sql",
                        "a ) closes nothing"),
                wrong(
                        "brackets crossed",
                        set("").replace("b IS NULL", "(a[1)]"),
                        4,
                        "migrate.where",
                        "bad-sql",
                        "a ) closes a ["),
                wrong(
                        "open comment",
                        set("").replace("b IS NULL", "b /* IS NULL"),
                        4,
                        "migrate.where",
                        "bad-sql",
                        "a /* comment is never closed"),
                wrong(
                        "line comment at the end",
                        set("").replace("b IS NULL", "b IS NULL -- todo"),
                        4,
                        "migrate.where",
                        "bad-sql",
                        "-- comment",
                        "/* … */"),
                wrong(
                        "open identifier",
                        set("").replace("b IS NULL", "c > \"b"),
                        4,
                        "migrate.where",
                        "bad-sql",
                        "a \" is never closed"),
                wrong(
                        "open dollar quote",
                        set("").replace("b IS NULL", "b = $x$y"),
                        4,
                        "migrate.where",
                        "bad-sql",
                        "$x$ is never closed"),
                wrong(
                        "semicolon",
                        set("").replace("b IS NULL", "b IS NULL; DROP TABLE app.t"),
                        4,
                        "migrate.where",
                        "bad-sql",
                        "Take the ; away"),
                wrong(
                        "parameter",
                        set("").replace("b IS NULL", "b = $1"),
                        4,
                        "migrate.where",
                        "bad-sql",
                        "Write the value itself"),
                wrong(
                        "zero character",
                        set("").replace("b IS NULL", "\"b = 'a\\0'\""),
                        4,
                        "migrate.where",
                        "bad-value",
                        "character NUL"),
                wrong(
                        "comment alone",
                        set("").replace("b IS NULL", "/* all */"),
                        4,
                        "migrate.where",
                        "empty",
                        "no SQL in it"),
                wrong("verify", set("switch:\n  verify: (b\n"), 7, "switch.verify", "bad-sql", "never closed"),
                wrong(
                        "placeholder in where",
                        set("").replace("b IS NULL", "\"{batch:t}\""),
                        4,
                        "migrate.where",
                        "bad-placeholder",
                        "`migrate.sql` alone"),
                wrong(
                        "placeholder without alias",
                        sql("DELETE FROM app.t WHERE {batch}"),
                        5,
                        "migrate.sql",
                        "bad-placeholder",
                        "{batch:alias}"),
                wrong(
                        "no placeholder",
                        sql("DELETE FROM app.t"),
                        5,
                        "migrate.sql",
                        "bad-placeholder",
                        "0 times",
                        "WHERE {batch:u}"),
                wrong(
                        "two placeholders",
                        sql("DELETE FROM app.t WHERE {batch:t} OR {batch:t}"),
                        5,
                        "migrate.sql",
                        "bad-placeholder",
                        "2 times"),
                wrong(
                        "placeholder in a string",
                        sql("DELETE FROM app.t WHERE a = '{batch:t}'"),
                        5,
                        "migrate.sql",
                        "bad-placeholder",
                        "in a string"),
                wrong(
                        "placeholder with a wrong name",
                        sql("DELETE FROM app.t WHERE {batch:1x}"),
                        5,
                        "migrate.sql",
                        "bad-placeholder",
                        "'1' cannot"),
                wrong(
                        "placeholder for nobody",
                        sql("DELETE FROM app.t WHERE {batch:u}"),
                        5,
                        "migrate.sql",
                        "bad-placeholder",
                        "called u"),
                wrong(
                        "select",
                        sql("SELECT 1 FROM app.t t WHERE {batch:t}"),
                        5,
                        "migrate.sql",
                        "bad-sql",
                        "begins with SELECT",
                        "INSERT, UPDATE"),
                wrong("truncate", sql("TRUNCATE app.t"), 5, "migrate.sql", "bad-sql", "begins with TRUNCATE"),
                wrong(
                        "with that reads",
                        sql("WITH x AS (SELECT 1) SELECT * FROM x t WHERE {batch:t}"),
                        5,
                        "migrate.sql",
                        "bad-sql",
                        "begins with WITH and only reads"),
                wrong(
                        "bracket first",
                        sql("(DELETE FROM app.t WHERE {batch:t})"),
                        5,
                        "migrate.sql",
                        "bad-sql",
                        "does not begin with a word"),
                wrong(
                        "returning",
                        sql("DELETE FROM app.t WHERE {batch:t} RETURNING a"),
                        5,
                        "migrate.sql",
                        "bad-sql",
                        "Take the RETURNING away"),
                wrong(
                        "with that writes",
                        sql("WITH x AS (DELETE FROM app.t t WHERE {batch:t} RETURNING a) INSERT INTO app.u SELECT"
                                + " a FROM x"),
                        5,
                        "migrate.sql",
                        "bad-sql",
                        "WITH that writes",
                        "two jobs"),
                wrong(
                        "semicolon at the end",
                        sql("DELETE FROM app.t WHERE {batch:t};"),
                        5,
                        "migrate.sql",
                        "bad-sql",
                        "Take the ; away"));
    }
}
