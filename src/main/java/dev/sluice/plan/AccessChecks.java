package dev.sluice.plan;

import dev.sluice.database.Database;
import dev.sluice.job.Shape;
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
             WHERE n.nspname = 'sluice' AND c.relname IN ('run_wanted', 'pass', 'checkpoint')
             GROUP BY n.oid HAVING count(*) = 3""";

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
            hiding(h, INTO);
        });
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
                    "start a worker: it makes them. Its role needs CREATE on the database for that.");
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

    private static Set<String> missing(Set<String> needed, Set<String> granted) {
        Set<String> missing = new TreeSet<>(needed);
        missing.removeAll(granted);
        return missing;
    }

    private static String quoted(Set<String> columns) {
        return columns.stream().map(TableName::quote).collect(Collectors.joining(", "));
    }
}
