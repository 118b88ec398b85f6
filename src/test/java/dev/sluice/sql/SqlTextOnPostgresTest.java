package dev.sluice.sql;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sql.SqlToken.Kind;
import dev.sluice.testing.TestPostgres;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.Tuple.Tuple2;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.jspecify.annotations.Nullable;

/** The lexer and the JDBC driver against the server that has the last word. */
class SqlTextOnPostgresTest {
    private static final String NASTY = "ab'\"()[]$?;{}-/*\\ \n\r:E%_é€";
    private static final Set<Kind> STRINGS_AND_GAPS = Set.of(Kind.STRING, Kind.COMMENT, Kind.SPACE);
    private static @Nullable Connection connection;

    @BeforeContainer
    static void connect() throws SQLException {
        connection = TestPostgres.create().connect();
    }

    @AfterContainer
    static void close() throws SQLException {
        if (connection != null) {
            connection.close();
        }
    }

    /** Literals of every sort, put together, reach the server as what was quoted; a parameter beside them stays one. */
    @Property(tries = 200)
    void whatIsQuotedArrivesAsItWas(@ForAll("literals") List<Tuple2<String, String>> literals) throws SQLException {
        String expression =
                String.join(" || ", literals.stream().map(Tuple2::get1).toList());
        SqlText text = SqlText.of(expression);
        assertThat(text.balanced()).isEmpty();
        String expected = String.join("", literals.stream().map(Tuple2::get2).toList());
        assertThat(select("(" + text.forJdbc() + ") || ?::text", "!")).isEqualTo(expected + "!");
        assertThat(select("(" + SqlText.of(text.normalized()).forJdbc() + ") || ?::text", "!"))
                .isEqualTo(expected + "!");
    }

    /** Two quoted pieces are one string to the lexer if, and only if, they are one to the server. */
    @Property(tries = 400)
    void aStringGoesOnWhereTheServerSaysSo(@ForAll("prefixes") String prefix, @ForAll("gaps") String gap)
            throws SQLException {
        String text = prefix + "'1'" + gap + "'0'";
        var tokens = new SqlLexer(text + "\n").tokens();
        // the end of a comment without its beginning is an operator, which the server refuses for other reasons
        Assume.that(tokens.stream().allMatch(t -> STRINGS_AND_GAPS.contains(t.kind())));
        boolean one = tokens.stream().filter(t -> t.kind() == Kind.STRING).count() == 1;
        Open open = new Open(text);
        assertThat(open.accepted()).as("%s is one string to the server", text).isEqualTo(one);
    }

    /** The server's word on {@code SELECT (text)}: refused as two strings side by side, or taken. */
    private record Open(String text) {
        boolean accepted() throws SQLException {
            try (Statement statement =
                    java.util.Objects.requireNonNull(connection).createStatement()) {
                statement.setEscapeProcessing(false);
                statement.execute("SELECT (" + text + "\n)");
                return true;
            } catch (SQLException e) {
                assertThat(e.getSQLState()).as("%s: %s", text, e.getMessage()).startsWith("42");
                return false;
            }
        }
    }

    @Provide
    Arbitrary<String> prefixes() {
        return Arbitraries.of("", "E", "e", "B", "b", "X", "x", "N", "n", "U&", "u&");
    }

    /** White space and comments of every sort; a comment may hold a quote. */
    @Provide
    Arbitrary<String> gaps() {
        return Arbitraries.of(" ", "\t", "\f", "\n", "\r", "-- it's\n", "--\r", "-- a", "/* it's */", "/* \n */", "")
                .list()
                .ofMinSize(1)
                .ofMaxSize(4)
                .map(parts -> String.join("", parts));
    }

    @Property(tries = 1)
    void questionMarksStayOperators() throws SQLException {
        String sql = SqlText.of("('{\"a?\": 1}'::jsonb ? 'a?') /* ? */ AND '{\"b\": 2}'::jsonb ?| array['b', $$?$$]")
                .forJdbc();
        assertThat(select("(" + sql + ")::text || ?::text", "!")).isEqualTo("true!");
    }

    private static String select(String expression, String parameter) throws SQLException {
        Connection open = java.util.Objects.requireNonNull(connection);
        try (PreparedStatement statement = open.prepareStatement("SELECT " + expression)) {
            statement.setString(1, parameter);
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                return rows.getString(1);
            }
        }
    }

    @Provide
    Arbitrary<List<Tuple2<String, String>>> literals() {
        Arbitrary<String> text =
                Arbitraries.strings().withChars(NASTY.toCharArray()).ofMaxLength(20);
        Arbitrary<Tuple2<String, String>> literal = Arbitraries.oneOf(
                text.map(s -> Tuple.of("'" + s.replace("'", "''") + "'", s)),
                text.map(s -> Tuple.of("E'" + s.replace("\\", "\\\\").replace("'", "\\'") + "'", s)),
                text.map(s -> Tuple.of("'a'\n  '" + s.replace("'", "''") + "'", "a" + s)),
                text.map(s -> s.replace("\n", "").replace("\r", ""))
                        .map(s -> Tuple.of(
                                "E'\\\\' -- " + s + "\n 'b'\r--\n'"
                                        + s.replace("\\", "").replace("'", "''") + "'",
                                "\\b" + s.replace("\\", ""))),
                text.map(s -> s.replace("$", "")).map(s -> Tuple.of("$q$" + s + "$q$", s)),
                text.map(s -> s.replace("*", "")).map(s -> Tuple.of("/* /* */ " + s.replace("/", "") + " */ 'c'", "c")),
                text.map(s -> s.replace("\n", "").replace("\r", "")).map(s -> Tuple.of("-- " + s + "\n 'd'", "d")));
        return literal.list().ofMinSize(1).ofMaxSize(6);
    }
}
