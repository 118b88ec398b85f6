package dev.sluice.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SqlTextTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a = 'it''s'",
                "E'it\\'s (' || 'a\\'",
                "e'\\\\'",
                "\"a\"\"(\" + 1",
                "U&\"\\0061(\"",
                "$$ ' ( $$",
                "$a$ $$ ' $b$ $a$",
                "a$b$ + c$b$",
                "f(a[1], (b))",
                "1 /* /* ( */ ' */ + 1",
                "1 -- ( '\n + 1",
                "1 -- (\r+ 1",
                "a$1 = b",
                "'a'\n  'b('",
                "E'a'\n 'b('",
                "E'a' -- it's (\n 'b('",
                "E'a'\n -- it's (\n -- and (\r\n 'b('",
                "'a' -- (\n '(\\'",
                "B'1'\n'(' || x'1'-- (\n'(' || N'a'\n'(' || U&'a'\n'('",
                "0xFE + 1_000 + 1.5e-3 + 1. + .5 + 5.e1",
                "a - -1",
                "größe > 1",
                "x = '😀' AND 😀 = 1"
            })
    void balanced(String sql) {
        assertThat(SqlText.of(sql).balanced()).isEmpty();
        assertThat(SqlText.of(sql).withBatch("")).isEqualTo(sql);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "'a|a ' is never closed",
                "E'a\\'|a ' is never closed",
                "'a''|a ' is never closed",
                "E'|a ' is never closed",
                "E'\\|a ' is never closed",
                "\"a\"\"|a \" is never closed",
                "U&\"|a \" is never closed",
                "$$a|a $$ is never closed",
                "$a$ $A$|a $a$ is never closed",
                "/* /* */|a /* comment is never closed",
                "/*/|a /* comment is never closed",
                "1 --|it ends in a -- comment, which would swallow what Sluice writes after it",
                "(|a ( is never closed",
                "a[(1]|a ] closes a (",
                ")|a ) closes nothing",
                "1a$$ ) $$|the number 1 runs into what follows it",
                "0'a'|the number 0 runs into what follows it",
                "0x1F$$ $$|the number 0x1F runs into what follows it",
                "a) OR (b|a ) closes nothing"
            })
    void unbalanced(String sql, String mistake) {
        assertThat(SqlText.of(sql).balanced()).contains(mistake);
    }

    /** The server reads it as one string; the driver takes the second piece for one without escapes. */
    @Test
    void aStringWithEscapesThatGoesOnWithAnEscapeIsAMistake() {
        for (String gap : List.of("\n", " -- it's\n ", "\n -- (\n")) {
            assertThat(SqlText.of("E'a'" + gap + "'\\') OR true --'").balanced().orElse(""))
                    .startsWith("a string E'…' goes on in another line with a \\ there");
        }
    }

    @Test
    void identifiersFoldAsPostgresFoldsThem() {
        assertThat(SqlText.of("Upper(\"First\"\"Name\") || 'x y' /* z */ || ÄB$1 || E'q' || U&\"d\\0061t\" -- w\n"
                                + " || 1e5 || B'1' || u&'v'")
                        .identifiers())
                .containsExactly("upper", "First\"Name", "Äb$1", "d\\0061t");
    }

    @Test
    void questionMarksAreDoubledOutsideOfQuotesAlone() {
        assertThat(SqlText.of("a ? 'b?' AND c ?| d AND \"e?\" = $$?$$ /* ? */ -- ?\n AND f @? '$'")
                        .forJdbc())
                .isEqualTo("a ?? 'b?' AND c ??| d AND \"e?\" = $$?$$ /* ? */ -- ?\n AND f @?? '$'");
    }

    @Test
    void thePlaceholderIsReplacedOutsideOfQuotesAlone() {
        SqlText text = SqlText.of("UPDATE t \"T x\" SET a = '{batch:t}' WHERE {batch:\"T x\"} /* {batch:t} */");

        assertThat(text.batchAliases()).containsExactly("\"T x\"");
        assertThat(text.withBatch("(k > ? AND k <= ?)"))
                .isEqualTo("UPDATE t \"T x\" SET a = '{batch:t}' WHERE (k > ? AND k <= ?) /* {batch:t} */");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "none",
            value = {
                "update t set a = 1|UPDATE|UPDATE",
                " /* c */ delete from t|DELETE|DELETE",
                "WITH a AS (SELECT 1) MERGE INTO t|WITH|MERGE",
                "with a as (insert into b select 1) select 1|WITH|SELECT",
                "WITH RECURSIVE \"update\" AS (VALUES (1)) TABLE a|WITH|TABLE",
                "WITH a AS (SELECT 1)|WITH|none",
                "(select 1)|none|none",
                "\"update\" t|none|none",
                "''|none|none"
            })
    void whatAStatementDoes(String sql, String first, String verb) {
        assertThat(SqlText.of(sql).firstKeyword().orElse(null)).isEqualTo(first);
        assertThat(SqlText.of(sql).verb().orElse(null)).isEqualTo(verb);
    }

    @Test
    void returningCountsAtTheTopAlone() {
        assertThat(SqlText.of("DELETE FROM t Returning *").returning()).isTrue();
        assertThat(SqlText.of("UPDATE t SET a = json_serialize(b RETURNING text), \"returning\" = 'returning'")
                        .returning())
                .isFalse();
    }

    @Test
    void aWithThatWritesIsSeen() {
        assertThat(SqlText.of("WITH x AS (INSERT INTO a SELECT 1) UPDATE t").modifyingWith())
                .isTrue();
        assertThat(SqlText.of("WITH x AS NOT MATERIALIZED ( /* so */ delete from a) UPDATE t")
                        .modifyingWith())
                .isTrue();
        assertThat(SqlText.of("WITH x AS (SELECT 'as (delete from') INSERT INTO t (update, delete) SELECT 1")
                        .modifyingWith())
                .isFalse();
    }

    @Test
    void layoutAndCommentsDoNotCount() {
        assertThat(SqlText.of("  a\n\t||  'b  c' /* d */\n-- e\n|| f ").normalized())
                .isEqualTo("a || 'b  c' || f");
        assertThat(SqlText.of("a/**/b").normalized()).isEqualTo("a b");
        assertThat(SqlText.of("/* nothing */").isEmpty()).isTrue();
    }
}
