package dev.sluice.plan;

import dev.sluice.database.SessionDefaults;
import dev.sluice.database.SqlFailure;
import dev.sluice.job.Job;
import dev.sluice.table.TableHazards;
import dev.sluice.table.TableHazards.Trigger;
import dev.sluice.verify.Verification;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** What a job's SQL sees of the session: its settings, where they come from, and what may see others. */
final class SessionChecks {
    private static final String KEY = "migrate.settings";

    /** Roles and databases that are given another path than this; bound: the path. */
    private static final String OTHER_PATHS = """
            SELECT coalesce('role ' || pg_catalog.quote_ident(r.rolname), 'all roles')
                   || coalesce(' in database ' || pg_catalog.quote_ident(d.datname), '') || ' (' || substr(c.given, 13) || ')'
              FROM pg_catalog.pg_db_role_setting s
              LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
              LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
             CROSS JOIN LATERAL unnest(s.setconfig) AS c (given)
             WHERE c.given LIKE 'search_path=%' AND substr(c.given, 13) <> ?
               AND (s.setdatabase = 0 OR d.datname = current_database()) AND r.rolname IS DISTINCT FROM session_user
             ORDER BY 1 LIMIT 5""";

    /** Schemas of other roles' names, which "$user" leads them to. */
    private static final String OF_USERS = """
            SELECT 'role ' || pg_catalog.quote_ident(r.rolname) || ' (whose "$user" is schema ' || pg_catalog.quote_ident(n.nspname) || ')'
              FROM pg_catalog.pg_roles r JOIN pg_catalog.pg_namespace n ON n.nspname = r.rolname
             WHERE r.rolcanlogin AND r.rolname <> session_user AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1 LIMIT 5""";

    /** What stands before the catalog in the path and has the name of something of it. */
    private static final String SHADOWS = """
            WITH place AS (
              SELECT n.oid, p.n AS place FROM unnest(current_schemas(true)) WITH ORDINALITY AS p (name, n)
                JOIN pg_catalog.pg_namespace n ON n.nspname = p.name
               WHERE p.name NOT LIKE 'pg\\_temp%'
                 AND p.n < (SELECT c.n FROM unnest(current_schemas(true)) WITH ORDINALITY AS c (name, n) WHERE c.name = 'pg_catalog'))
            SELECT 'function ' || f.oid::pg_catalog.regprocedure::text FROM pg_catalog.pg_proc f JOIN place ON place.oid = f.pronamespace
              JOIN pg_catalog.pg_proc o ON o.proname = f.proname AND o.proargtypes = f.proargtypes AND o.pronamespace = 'pg_catalog'::regnamespace
            UNION ALL
            SELECT 'operator ' || f.oid::pg_catalog.regoperator::text FROM pg_catalog.pg_operator f JOIN place ON place.oid = f.oprnamespace
              JOIN pg_catalog.pg_operator o ON o.oprname = f.oprname AND o.oprleft = f.oprleft AND o.oprright = f.oprright
               AND o.oprnamespace = 'pg_catalog'::regnamespace
            UNION ALL
            SELECT 'type ' || f.oid::pg_catalog.regtype::text FROM pg_catalog.pg_type f JOIN place ON place.oid = f.typnamespace
              JOIN pg_catalog.pg_type o ON o.typname = f.typname AND o.typnamespace = 'pg_catalog'::regnamespace
            LIMIT 3""";

    private final Job job;
    private final PlanServer server;
    private final Findings findings;

    SessionChecks(Job job, PlanServer server, Findings findings) {
        this.job = job;
        this.server = server;
        this.findings = findings;
    }

    /** Whether the server takes the job's settings; refuses them where it does not. */
    boolean hold() {
        try (Statement statement = server.connection().createStatement()) {
            statement.execute("SELECT 1");
            return true;
        } catch (SQLException e) {
            SqlFailure failure = server.blamed(e);
            findings.refuse(
                    "bad-setting",
                    KEY,
                    "The server refuses the settings with " + failure.sqlState() + ": " + failure.message() + ".",
                    failure.hint() == null
                            ? "correct the name or the value; a setting of your own has a dot in its name, such as app.backfill."
                            : failure.hint());
            return false;
        }
    }

    /** Tells what holds, and warns of what may be otherwise for the application. */
    void run(Optional<Subject> subject, Optional<Verification> verification) {
        try {
            look(subject, verification);
        } catch (SQLException e) {
            throw server.rows().unavailable(e);
        }
    }

    private void look(Optional<Subject> subject, Optional<Verification> verification) throws SQLException {
        SessionDefaults defaults = server.rows().defaults();
        SessionDefaults.Value path = value("search_path", defaults.searchPath());
        SessionDefaults.Value zone = value("TimeZone", defaults.timeZone());
        findings.info(
                "session-settings",
                KEY,
                "The job's SQL, and the triggers that it fires, run with TimeZone = " + zone.value() + " ("
                        + zone.from() + ") and search_path = " + path.value() + " (" + path.from() + ")" + others()
                        + ".");
        if (!zone.known()
                && verification
                        .filter(v -> v.kind() == Verification.Kind.EQUALITY)
                        .isEmpty()) {
            findings.warn(
                    "time-zone-unknown",
                    KEY,
                    "An expression may depend on the time zone, and the server's own cannot be read by this role: "
                            + zone.value() + " is taken from log_timezone.",
                    "say settings: { TimeZone: … } in the job, or ALTER DATABASE … SET TimeZone, or"
                            + " GRANT SELECT ON pg_file_settings and EXECUTE ON FUNCTION pg_show_all_file_settings() to the role.");
        }
        shadows();
        if (subject.isPresent()) {
            triggers(subject.get(), path);
        }
    }

    private List<String> texts(String sql, String... bound) throws SQLException {
        try (PreparedStatement query = server.connection().prepareStatement(sql)) {
            for (int i = 0; i < bound.length; i++) {
                query.setString(i + 1, bound[i]);
            }
            List<String> texts = new ArrayList<>();
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    texts.add(row.getString(1));
                }
            }
            return texts;
        }
    }

    private String others() {
        StringBuilder others = new StringBuilder();
        job.migrate().settings().forEach((name, value) -> {
            if (!name.equalsIgnoreCase("search_path") && !name.equalsIgnoreCase("TimeZone")) {
                others.append(others.isEmpty() ? ", and with " : ", ")
                        .append(name)
                        .append(" = ")
                        .append(value);
            }
        });
        return others.toString();
    }

    private SessionDefaults.Value value(String name, SessionDefaults.Value otherwise) {
        return job.migrate().settings().entrySet().stream()
                .filter(e -> e.getKey().toLowerCase(Locale.ROOT).equals(name.toLowerCase(Locale.ROOT)))
                .findFirst()
                .map(e -> new SessionDefaults.Value(e.getValue(), "migrate.settings", true, true))
                .orElse(otherwise);
    }

    /** The engine's own words mean the catalog's. */
    private void shadows() throws SQLException {
        List<String> shadows = texts(SHADOWS);
        if (!shadows.isEmpty()) {
            findings.refuse(
                    "catalog-shadowed",
                    KEY,
                    "The search_path has pg_catalog behind a schema that has its own " + String.join(", ", shadows)
                            + ": the engine's statements would call that.",
                    "say settings: { search_path: … } in the job without pg_catalog, which then comes first by itself.");
        }
    }

    private void triggers(Subject subject, SessionDefaults.Value path) throws SQLException {
        List<Trigger> open = Stream.concat(Stream.of(subject.hazards()), subject.filledHazards().stream())
                .map(TableHazards::triggers)
                .flatMap(List::stream)
                .filter(t -> !t.hasPath())
                .toList();
        if (open.isEmpty()) {
            return;
        }
        List<String> others = new ArrayList<>(texts(OTHER_PATHS, path.value()));
        if (path.value().contains("$user")) {
            others.addAll(texts(OF_USERS));
        }
        if (others.isEmpty() && !path.ofRole()) {
            return;
        }
        findings.warn(
                "trigger-search-path",
                KEY,
                "Function " + open.getFirst().function() + " of trigger \""
                        + open.getFirst().name()
                        + "\" has no SET search_path of its own, so its unqualified names follow the session's: here "
                        + path.value() + ", from " + path.from() + "."
                        + (others.isEmpty() ? "" : " Others have another one: " + String.join(", ", others) + "."),
                "say the application's path in the job, settings: { search_path: … }, or ALTER FUNCTION "
                        + open.getFirst().function() + "() SET search_path = ….");
    }
}
