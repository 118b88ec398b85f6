package dev.sluice.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** However text is quoted, what is in it never counts as structure. */
class SqlTextPropertyTest {
    private static final String NASTY = "ab'\"()[]$?;{}-/*\\ \n\r:E%_é€";

    @Property
    void noTextBreaksTheLexerOrIsLost(@ForAll("nasty") String sql) {
        SqlText text = SqlText.of(sql);
        assertThat(text.toString()).isEqualTo(sql);
        assertThat(text.withBatch("")).isEqualTo(sql);
        assertThat(text.forJdbc().replace("?", "")).isEqualTo(sql.replace("?", ""));
    }

    @Property
    void quotedTextNeverBreaksTheBalance(@ForAll("expressions") List<String> parts) {
        SqlText text = SqlText.of(String.join(" || ", parts));

        assertThat(text.balanced()).isEmpty();
        assertThat(text.hasSymbol(';')).isFalse();
        assertThat(text.batchAliases()).isEmpty();
        assertThat(text.forJdbc()).isEqualTo(text.toString());
        assertThat(SqlText.of(text.normalized()).normalized()).isEqualTo(text.normalized());
    }

    @Property
    void aBracketTooManyIsAlwaysSeen(@ForAll("expressions") List<String> parts) {
        String sql = String.join(" || ", parts);
        assertThat(SqlText.of(sql + ")").balanced()).isPresent();
        assertThat(SqlText.of("(" + sql).balanced()).isPresent();
        assertThat(SqlText.of("(" + sql + ")").balanced()).isEmpty();
    }

    @Property
    void namesReadBackAsTheyWereSpelled(@ForAll("names") String name) throws SqlName.NotAName {
        assertThat(SqlName.one(SqlName.spell(name))).isEqualTo(name);
        assertThat(SqlText.of(SqlName.spell(name)).identifiers()).containsExactly(name);
    }

    @Provide
    Arbitrary<String> nasty() {
        return Arbitraries.strings().withChars(NASTY.toCharArray()).ofMaxLength(40);
    }

    @Provide
    Arbitrary<String> names() {
        return Arbitraries.strings()
                .withChars("abZ_1$\" .é?'".toCharArray())
                .ofMinLength(1)
                .ofMaxLength(20);
    }

    @Provide
    Arbitrary<List<String>> expressions() {
        Arbitrary<String> part = Arbitraries.oneOf(
                nasty().map(s -> "'" + s.replace("'", "''") + "'"),
                nasty().map(s -> "E'" + s.replace("\\", "\\\\").replace("'", "\\'") + "'"),
                nasty().map(s -> TableName.quote("x" + s)),
                nasty().map(s -> "$q$" + s.replace("$", "") + "$q$"),
                nasty().map(s -> "/* " + s.replace("*", "").replace("/", "") + " */ 1"),
                nasty().map(s -> "1 -- " + s.replace("\n", "").replace("\r", "") + "\n"),
                Arbitraries.of("f(a[1])", "(b)", "c", "1.5e3", "/* /* */ */ 2"));
        return part.list().ofMinSize(1).ofMaxSize(8);
    }
}
