package dev.sluice.dev;

import dev.sluice.problem.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;

/**
 * People and their orders in the schema {@code app}, as {@code sample-tables.sql} describes them: for n people n/2
 * orders, about n order lines, n/5 sessions, and the empty {@code order_totals}. The same number gives the same rows,
 * always and everywhere. The server makes them by itself, in one transaction, so there are never half of them.
 */
public final class SampleTables {
    /** How many people there are when nobody says. */
    public static final long DEFAULT_PEOPLE = 500_000;

    private static final long MOST_PEOPLE = 100_000_000;
    private static final String MARK = "Sluice sample tables, people: ";
    private static final String SCRIPT = "sample-tables.sql";

    private final String url;
    private final String user;
    private final String password;

    /** @param url JDBC URL of the database that gets them, without credentials */
    public SampleTables(String url, String user, String password) {
        this.url = url;
        this.user = user;
        this.password = password;
    }

    /**
     * What was found or made.
     *
     * @param people rows of {@code app.people}
     * @param made false where they were there before
     */
    public record Made(long people, boolean made) {}

    /**
     * Makes the tables unless they are there.
     *
     * @param wanted how many people; empty takes what is there, or {@link #DEFAULT_PEOPLE}
     * @throws Problem INVALID {@code bad-rows} below 1 or above 100,000,000; CONFLICT {@code other-rows} where there
     *     are others already, {@code schema-app-taken} where a schema {@code app} is there that is none of ours
     */
    public Made ensure(OptionalLong wanted) {
        long people = wanted.orElse(DEFAULT_PEOPLE);
        if (people < 1 || people > MOST_PEOPLE) {
            throw new Problem(
                    Problem.Kind.INVALID,
                    "bad-rows",
                    "--rows " + people + " is out of range. Take a number of people from 1 to 100000000.");
        }
        try (Connection connection = DriverManager.getConnection(url, user, password)) {
            OptionalLong there = people(connection);
            if (there.isEmpty()) {
                make(connection, people);
                return new Made(people, true);
            }
            if (wanted.isPresent() && there.getAsLong() != people) {
                throw new Problem(
                        Problem.Kind.CONFLICT,
                        "other-rows",
                        "The sample tables hold " + there.getAsLong() + " people, and --rows asks for " + people
                                + ". Start over with --fresh --rows " + people + ", or leave --rows out.",
                        Map.of("people", there.getAsLong()));
            }
            return new Made(there.getAsLong(), false);
        } catch (SQLException e) {
            throw new Problem(
                    Problem.Kind.UNAVAILABLE, "no-sample-tables", "Cannot make the sample tables: " + e.getMessage());
        }
    }

    /** The number is written on the schema itself; empty where there is no schema. */
    private static OptionalLong people(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "SELECT coalesce(obj_description(oid, 'pg_namespace'), '') FROM pg_namespace"
                                + " WHERE nspname = 'app'")) {
            if (!row.next()) {
                return OptionalLong.empty();
            }
            String mark = row.getString(1);
            if (!mark.startsWith(MARK)) {
                throw new Problem(
                        Problem.Kind.CONFLICT,
                        "schema-app-taken",
                        "This database has a schema app that holds something else than the sample tables. Start over"
                                + " with --fresh, or rename it: ALTER SCHEMA app RENAME TO app_mine");
            }
            return OptionalLong.of(Long.parseLong(mark.substring(MARK.length())));
        }
    }

    private static void make(Connection connection, long people) throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute(script().replace(":people", Long.toString(people)));
            statement.execute(String.format(Locale.ROOT, "COMMENT ON SCHEMA app IS '%s%d'", MARK, people));
        }
        connection.commit();
    }

    private static String script() {
        try (InputStream in = SampleTables.class.getResourceAsStream(SCRIPT)) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks " + SCRIPT);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
