package dev.sluice.database;

import java.util.Optional;
import org.jooq.Record;

/** What a role lacks to bring schema {@code sluice} up to date, as the statement that gives it. */
final class SchemaPrivileges {
    /** One row. */
    private static final String QUERY = """
            SELECT quote_ident(current_user) AS role, quote_ident(current_database()) AS database,
                   has_database_privilege(current_database(), 'CREATE') AS creates,
                   n.oid IS NOT NULL AS there,
                   coalesce(has_schema_privilege(n.oid, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE'), false) AS fills,
                   (SELECT quote_ident(pg_get_userbyid(c.relowner))
                      FROM pg_catalog.pg_class c
                     WHERE c.relnamespace = n.oid AND c.relkind = 'r' AND NOT pg_has_role(c.relowner, 'USAGE')
                     LIMIT 1) AS owner
              FROM (SELECT) AS one LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = 'sluice'""";

    private SchemaPrivileges() {}

    /**
     * Asks as the role itself.
     *
     * @return a sentence that says what is missing and what to run; empty where nothing is
     * @throws org.jooq.exception.DataAccessException when the database does not answer
     */
    static Optional<String> missing(Database database) {
        Record r = database.sql().fetchSingle(QUERY);
        String role = r.get("role", String.class);
        if (!r.get("there", boolean.class)) {
            return r.get("creates", boolean.class)
                    ? Optional.empty()
                    : Optional.of("There is no schema sluice, and role " + role
                            + " may not make one. Run as a superuser or the database's owner: CREATE SCHEMA sluice AUTHORIZATION "
                            + role + "; it needs nothing else for it.");
        }
        if (!r.get("fills", boolean.class)) {
            return Optional.of("Role " + role
                    + " may not make tables in schema sluice. Run as its owner or a superuser: GRANT USAGE, CREATE ON SCHEMA sluice TO "
                    + role + ";");
        }
        return Optional.ofNullable(r.get("owner", String.class))
                .map(owner -> "Tables of schema sluice belong to role " + owner
                        + ", and only an owner may change them. Run: GRANT " + owner + " TO " + role
                        + "; or start the worker as " + owner + ".");
    }
}
