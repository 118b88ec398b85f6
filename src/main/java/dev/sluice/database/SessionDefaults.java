package dev.sluice.database;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What database, role and server give a session of its own accord for the two settings that decide what a job's SQL
 * means.
 *
 * <p>The driver sends the worker's time zone with every connection, which hides the one that the server would give.
 * That of the database and the role can be read by everybody. That of the server stands in its files, which not every
 * role may read; where it may not, {@code log_timezone} is taken, which initdb sets to the same.
 *
 * @param searchPath as it is without anything of Sluice's
 * @param timeZone likewise, as far as it can be known
 */
public record SessionDefaults(Value searchPath, Value timeZone) {

    /**
     * One of them.
     *
     * @param value as the server takes it
     * @param from where it comes from, for people
     * @param known whether it is certain
     * @param ofRole whether it was given to this role, so that another role may have another one
     */
    public record Value(String value, String from, boolean known, boolean ofRole) {}

    private static final String SERVER = """
            SELECT (SELECT s.reset_val FROM pg_catalog.pg_settings s WHERE s.name = 'search_path'),
                   pg_catalog.current_setting('log_timezone'),
                   pg_catalog.has_table_privilege('pg_catalog.pg_file_settings', 'SELECT')
                     AND pg_catalog.has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'EXECUTE'),
                   pg_catalog.current_database()::text, session_user::text""";

    /** What was given to role or database; the name before the first equals sign. */
    private static final String GIVEN = """
            SELECT c.given, s.setdatabase <> 0, s.setrole <> 0
              FROM pg_catalog.pg_db_role_setting s CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c (given)
             WHERE s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()))
               AND s.setrole IN (0, (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = session_user))""";

    private static final String FILE = """
            SELECT f.setting FROM pg_catalog.pg_file_settings f
             WHERE pg_catalog.lower(f.name) = 'timezone' AND f.error IS NULL ORDER BY f.seqno DESC LIMIT 1""";

    private record Given(String name, String value, boolean ofDatabase, boolean ofRole) {
        /** Role in database before role, before database, before all. */
        int rank() {
            return (ofRole ? 2 : 0) + (ofDatabase ? 1 : 0);
        }

        String from(String database, String role) {
            String words = ofRole ? "role " + role : ofDatabase ? "database " + database : "all roles";
            return ofRole && ofDatabase ? words + " in database " + database : words;
        }
    }

    /** As they were when a run began. */
    public static SessionDefaults noted(String searchPath, String timeZone) {
        String from = "the run's beginning";
        return new SessionDefaults(new Value(searchPath, from, true, false), new Value(timeZone, from, true, false));
    }

    /**
     * Asks. What was given to database and role since the session began is not in it yet, so it is read where it
     * stands.
     *
     * @param pathOfUrl whether the connection's URL gives the path, which then counts
     */
    static SessionDefaults of(Connection connection, boolean pathOfUrl) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            List<Given> given = given(statement);
            try (ResultSet row = statement.executeQuery(SERVER)) {
                row.next();
                String path = row.getString(1);
                String logZone = row.getString(2);
                boolean readable = row.getBoolean(3);
                String database = row.getString(4);
                String role = row.getString(5);
                Value searchPath = first(given, "search_path")
                        .filter(g -> !pathOfUrl)
                        .map(g -> new Value(g.value(), g.from(database, role), true, g.ofRole()))
                        .orElse(new Value(path, pathOfUrl ? "the connection's URL" : "the server", true, false));
                Optional<Value> timeZone = first(given, "TimeZone")
                        .map(g -> new Value(g.value(), g.from(database, role), true, g.ofRole()));
                return new SessionDefaults(
                        searchPath, timeZone.isPresent() ? timeZone.get() : server(statement, readable, logZone));
            }
        }
    }

    private static List<Given> given(Statement statement) throws SQLException {
        List<Given> given = new ArrayList<>();
        try (ResultSet row = statement.executeQuery(GIVEN)) {
            while (row.next()) {
                String[] parts = row.getString(1).split("=", 2);
                given.add(new Given(parts[0], parts[1], row.getBoolean(2), row.getBoolean(3)));
            }
        }
        return given;
    }

    private static Optional<Given> first(List<Given> given, String name) {
        return given.stream().filter(g -> g.name().equalsIgnoreCase(name)).max(Comparator.comparingInt(Given::rank));
    }

    private static Value server(Statement statement, boolean readable, String logZone) throws SQLException {
        if (readable) {
            try (ResultSet row = statement.executeQuery(FILE)) {
                if (row.next()) {
                    return new Value(
                            row.getString(1),
                            "the server's configuration file, unless its command line says another",
                            true,
                            false);
                }
            }
        }
        return new Value(logZone, "log_timezone, since the server's own is not to be seen", false, false);
    }
}
