package dev.sluice.plan;

import dev.sluice.database.Database;
import dev.sluice.database.SqlFailure;
import dev.sluice.job.Shape;
import dev.sluice.sql.SqlText;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableHazards;
import dev.sluice.table.TableHazards.Access;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jooq.Record;

/**
 * What the role may not do and would have to, each with the GRANT to run; and rows that policies would hide from it.
 */
final class AccessChecks {
    private static final String TABLE = "migrate.table";
    private static final String INTO = "migrate.insert.into";

    /** Sluice's own tables, as the role sees them; no row when the schema is missing. */
    private static final String OWN = """
            SELECT has_schema_privilege(n.oid, 'USAGE') AND bool_and(
                     has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
                     AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')) AS allowed
              FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid
             WHERE n.nspname = 'sluice' AND c.relname IN ('run_wanted', 'pass', 'checkpoint', 'lane_owner', 'database_stop')
             GROUP BY n.oid HAVING count(*) = 5""";

    /** What the look at expressions needs: to read the table as a whole, and a temporary table like it; bound: oid. */
    private static final String PROBED = """
            SELECT has_table_privilege(?::oid, 'SELECT') AS reads,
                   has_database_privilege(current_database(), 'TEMPORARY') AS temporary,
                   has_database_privilege(current_database(), 'CREATE') AS creates,
                   quote_ident(current_database()) AS database""";

    /** Sequences that defaults of other columns draw from, which this role may not; bound: schema, name, columns. */
    private static final String SEQUENCES = """
            SELECT DISTINCT quote_ident(sn.nspname) || '.' || quote_ident(s.relname) AS sequence
              FROM pg_catalog.pg_class c
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
              JOIN pg_catalog.pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
              JOIN pg_catalog.pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = e.oid
               AND d.refclassid = 'pg_class'::regclass
              JOIN pg_catalog.pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
              JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace
             WHERE n.nspname = ? AND c.relname = ? AND NOT a.attname = ANY (?::text[])
               AND CASE WHEN s.relkind = 'S' THEN NOT has_sequence_privilege(s.oid, 'USAGE, UPDATE') ELSE false END
             ORDER BY 1""";

    private final Subject subject;
    private final Findings findings;

    AccessChecks(Subject subject, Findings findings) {
        this.subject = subject;
        this.findings = findings;
    }

    void run(Database database) {
        own(database);
        TableHazards hazards = subject.hazards();
        for (TableName relation : relations()) {
            walked(hazards.accessTo(relation));
        }
        hiding(hazards, TABLE);
        subject.filledHazards().ifPresent(h -> {
            filled(h);
            sequences(database);
            hiding(h, INTO);
        });
        probed(database);
        analyze(subject.filledHazards().orElse(hazards), subject.filledHazards().isPresent() ? INTO : TABLE);
    }

    private List<TableName> relations() {
        List<TableName> relations = new ArrayList<>();
        subject.facts().leaves().forEach(l -> relations.add(l.name()));
        // an SQL statement of one's own names the parent
        if (relations.isEmpty() || subject.job().migrate().shape() instanceof Shape.Sql) {
            relations.add(subject.facts().name());
        }
        return relations.stream().distinct().toList();
    }

    private void own(Database database) {
        Record own = database.sql().fetchOne(OWN);
        String role = TableName.quote(subject.hazards().role());
        if (own == null) {
            findings.refuse(
                    "own-schema-missing",
                    "database",
                    "Sluice's own tables (schema sluice) are not in database \"" + database.name() + "\".",
                    "start a worker: it makes them. "
                            + (Boolean.TRUE.equals(probe(database).get("creates", Boolean.class))
                                    ? "Its role may."
                                    : "Before that, CREATE SCHEMA sluice AUTHORIZATION " + role + ";"));
        } else if (!Boolean.TRUE.equals(own.get("allowed", Boolean.class))) {
            findings.refuse(
                    "missing-privilege",
                    "database",
                    "Role " + role + " may not use Sluice's own tables.",
                    "GRANT USAGE ON SCHEMA sluice TO " + role
                            + "; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA sluice TO " + role + ";");
        }
    }

    private void walked(Access access) {
        List<String> grants = new ArrayList<>();
        Set<String> unread = missing(subject.readColumns(), access.select());
        unread.retainAll(subject.facts().columns().keySet());
        if (!unread.isEmpty()) {
            grants.add("SELECT");
        }
        switch (subject.job().migrate().shape()) {
            case Shape.Set set -> {
                Set<String> unwritten = missing(set.columns().keySet(), access.update());
                unwritten.retainAll(subject.facts().columns().keySet()); // one that is not there is told elsewhere
                if (!unwritten.isEmpty()) {
                    grants.add("UPDATE (" + quoted(unwritten) + ")");
                }
            }
            case Shape.Insert ignored -> {
                // FOR SHARE needs UPDATE on one column at least
                if (access.update().isEmpty()) {
                    grants.add("UPDATE (" + subject.facts().key().get(0).sql() + ")");
                }
            }
            case Shape.Delete ignored -> {
                if (!access.delete()) {
                    grants.add("DELETE");
                }
            }
            case Shape.Sql ignored -> {}
        }
        refuse(access, grants, TABLE);
    }

    private Record probe(Database database) {
        return database.sql().fetchSingle(PROBED, subject.facts().oid());
    }

    /**
     * The parent of a partitioned table is read by the verification's look at the expressions and by subqueries; a
     * table is verified for completeness only where its expressions cannot be looked at.
     */
    private void probed(Database database) {
        Record probe = probe(database);
        String role = TableName.quote(subject.hazards().role());
        boolean reads = probe.get("reads", boolean.class);
        if (!reads && subject.facts().partitioned()) {
            findings.refuse(
                    "missing-privilege",
                    TABLE,
                    "Role " + role + " may not read the partitioned table "
                            + subject.facts().name() + " itself.",
                    "GRANT SELECT ON " + subject.facts().name().sql() + " TO " + role + ";");
        }
        Shape shape = subject.job().migrate().shape();
        boolean looked = shape instanceof Shape.Set || shape instanceof Shape.Insert;
        if (!looked || subject.job().verify().isPresent()) {
            return;
        }
        List<String> grants = new ArrayList<>();
        if (!probe.get("temporary", boolean.class)) {
            grants.add("GRANT TEMPORARY ON DATABASE " + probe.get("database", String.class) + " TO " + role + ";");
        }
        if (!reads && !subject.facts().partitioned() && !findings.has("missing-privilege")) {
            grants.add("GRANT SELECT ON " + subject.facts().name().sql() + " TO " + role + ";");
        }
        if (!grants.isEmpty()) {
            findings.warn(
                    "cannot-look-at-expressions",
                    "migrate." + subject.shapeName(),
                    "Role " + role + " may not make a temporary table like "
                            + subject.facts().name()
                            + ", by which the server is asked what the expressions are made of: rows are verified for"
                            + " completeness only, and not by comparing them.",
                    String.join(" ", grants));
        }
    }

    /** Columns that the job does not fill have their defaults. */
    private void sequences(Database database) {
        if (!(subject.job().migrate().shape() instanceof Shape.Insert insert)) {
            return;
        }
        TableName into = insert.target();
        List<String> denied = database.sql()
                .fetch(
                        SEQUENCES,
                        into.schema(),
                        into.name(),
                        insert.columns().keySet().toArray(String[]::new))
                .getValues("sequence", String.class);
        if (!denied.isEmpty()) {
            String role = TableName.quote(subject.hazards().role());
            findings.refuse(
                    "missing-privilege",
                    INTO,
                    "Role " + role + " may not draw from " + String.join(", ", denied) + ", the default of columns of "
                            + into + " that the job does not fill.",
                    denied.stream()
                            .map(q -> "GRANT USAGE ON SEQUENCE " + q + " TO " + role + ";")
                            .collect(Collectors.joining(" ")));
        }
    }

    private void filled(TableHazards hazards) {
        if (!(subject.job().migrate().shape() instanceof Shape.Insert insert)) {
            return;
        }
        Access access = hazards.accessTo(insert.target());
        List<String> grants = new ArrayList<>();
        Set<String> columns = new TreeSet<>(insert.columns().keySet());
        columns.retainAll(subject.filled().keySet());
        if (!missing(columns, access.insert()).isEmpty()) {
            grants.add("INSERT (" + quoted(missing(columns, access.insert())) + ")");
        }
        if (!missing(columns, access.select()).isEmpty()) {
            grants.add("SELECT");
        }
        Set<String> overwritten = new TreeSet<>(columns);
        overwritten.removeAll(insert.conflict().columns());
        if (insert.conflict().action() == Shape.Conflict.Action.UPDATE
                && !missing(overwritten, access.update()).isEmpty()) {
            grants.add("UPDATE (" + quoted(missing(overwritten, access.update())) + ")");
        }
        refuse(access, grants, INTO);
    }

    private void refuse(Access access, List<String> grants, String key) {
        String role = TableName.quote(subject.hazards().role());
        List<String> statements = new ArrayList<>();
        if (!access.schemaUsage()) {
            statements.add(
                    "GRANT USAGE ON SCHEMA " + TableName.quote(access.table().schema()) + " TO " + role + ";");
        }
        if (!grants.isEmpty()) {
            statements.add("GRANT " + String.join(", ", grants) + " ON "
                    + access.table().sql() + " TO " + role + ";");
        }
        if (!statements.isEmpty()) {
            String leaf = access.table().equals(subject.facts().name()) || key.equals(INTO)
                    ? ""
                    : " (a partition: batches go to each by itself, and what is granted on the parent does not hold there)";
            findings.refuse(
                    "missing-privilege",
                    key,
                    "Role " + role + " lacks privileges on " + access.table() + leaf + ".",
                    String.join(" ", statements));
        }
    }

    private void hiding(TableHazards hazards, String key) {
        if (!hazards.hiding().isEmpty()) {
            String role = TableName.quote(hazards.role());
            findings.refuse(
                    "row-level-security",
                    key,
                    "Row-level security hides rows of "
                            + hazards.hiding().stream().map(TableName::toString).collect(Collectors.joining(", "))
                            + " from role " + role + ": a walk would miss them, and so would the verification.",
                    "ALTER ROLE " + role
                            + " BYPASSRLS; -- or run the worker as the table's owner (without FORCE ROW LEVEL SECURITY).");
        }
    }

    /** Of the table whose rows are changed. */
    private void analyze(TableHazards hazards, String key) {
        List<TableName> denied = hazards.access().stream()
                .filter(a -> !a.analyze())
                .map(Access::table)
                .toList();
        if (!denied.isEmpty()) {
            String role = TableName.quote(hazards.role());
            TableName table = subject.job()
                    .migrate()
                    .shape()
                    .into()
                    .orElse(subject.facts().name());
            String fix = hazards.serverVersion() >= 170_000
                    ? denied.stream()
                            .map(t -> "GRANT MAINTAIN ON " + t.sql() + " TO " + role + ";")
                            .collect(Collectors.joining(" "))
                    : "make " + role + " a member of the table's owner, or have its owner run ANALYZE " + table.sql()
                            + "; when the run waits for it.";
            findings.warn(
                    "cannot-analyze",
                    key,
                    "Role " + role + " may not ANALYZE " + denied.get(0)
                            + (denied.size() > 1 ? " and " + (denied.size() - 1) + " more partitions" : "")
                            + ". Plans after the switch need statistics of the new values, so before it succeeds the run"
                            + " waits (not-analyzed) until autovacuum or somebody who may has made them.",
                    fix);
        }
    }

    /**
     * The remedy for a privilege that the server misses: what an SQL statement of the author's own needs on the job's
     * table, and on others only the author knows what.
     */
    static String grant(Subject subject, SqlFailure failure) {
        if (failure.function() != null) {
            return "GRANT the role what that function needs there, or make it SECURITY DEFINER with a search_path of its"
                    + " own.";
        }
        TableName table = subject.facts().name();
        // the server names a table without its schema
        if (subject.job().migrate().shape() instanceof Shape.Sql sql
                && failure.message().endsWith(" " + table.name())) {
            String verb = SqlText.of(sql.statement()).verb().orElse("MERGE");
            return "GRANT SELECT, " + (verb.equals("MERGE") ? "INSERT, UPDATE, DELETE" : verb) + " ON " + table.sql()
                    + " TO " + TableName.quote(subject.hazards().role()) + ";";
        }
        return "GRANT the role what the job's SQL needs there, or run the worker as another role.";
    }

    private static Set<String> missing(Set<String> needed, Set<String> granted) {
        Set<String> missing = new TreeSet<>(needed);
        missing.removeAll(granted);
        return missing;
    }

    private static String quoted(Set<String> columns) {
        return columns.stream().map(TableName::quote).collect(Collectors.joining(", "));
    }
}
