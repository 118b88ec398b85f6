package dev.sluice.plan;

import dev.sluice.database.Database;
import dev.sluice.job.Job;
import dev.sluice.job.Shape;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableFacts.KeyColumn;
import dev.sluice.table.TableHazards.Event;
import dev.sluice.table.TableHazards.ForeignKey;
import dev.sluice.table.TableHazards.Trigger;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jooq.Record;
import org.jooq.exception.DataAccessException;

/**
 * Rows that move while they are walked: one whose key changes may be passed by, or met twice. What a walk promises, it
 * promises for rows whose key stays; here is told where the database shows that keys may change.
 */
final class MovingRows {
    static final String CODE = "rows-may-move";

    static final String KEY = "migrate.key";
    private static final Set<String> FOLLOWS = Set.of("CASCADE", "SET NULL", "SET DEFAULT");

    /** What the rows are partitioned by, at any depth; bound: the table. A unique key has all of it. */
    private static final String PARTITION_COLUMNS = """
            SELECT DISTINCT a.attname
              FROM pg_catalog.pg_partitioned_table p
              JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs)
             WHERE p.partrelid IN (SELECT relid FROM pg_catalog.pg_partition_tree(CAST(? AS regclass)))
             ORDER BY a.attname""";

    private static final String STATEMENTS_SCHEMA = """
            SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
             WHERE e.extname = 'pg_stat_statements'""";

    /** What was said to the table, as far as the role may see it; bound: the table's name. */
    private static final String STATEMENTS = """
            SELECT s.query, s.calls FROM %s.pg_stat_statements s
             WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
               AND s.query ~* '\\mupdate\\M' AND position(lower(?) IN lower(s.query)) > 0
             ORDER BY s.calls DESC LIMIT 500""";

    private final Subject subject;
    private final Findings findings;
    private final Database database;
    private final Set<String> key;

    MovingRows(Subject subject, Findings findings, Database database) {
        this.subject = subject;
        this.findings = findings;
        this.database = database;
        this.key = subject.facts().key().stream()
                .map(KeyColumn::name)
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    void run() {
        Job.Migrate migrate = subject.job().migrate();
        boolean repeatable = isRepeatable(migrate);
        findings.info(
                "key-stays",
                KEY,
                "Every row is met once as long as its key " + key + " stays the same during the run; "
                        + (migrate.keysStay()
                                ? "the job file promises that (key-changes: never)."
                                : repeatable
                                        ? "one whose key changes may be met late, by a sweep."
                                        : "one whose key changes may be missed or changed twice."));
        List<String> dangers = migrate.keysStay() ? List.of() : dangers();
        if (dangers.isEmpty()) {
            return;
        }
        String message = "Keys may change during the run: " + String.join("; ", dangers) + ".";
        if (repeatable || subject.job().verify().isPresent()) {
            findings.warn(
                    CODE,
                    KEY,
                    message + " A row whose key changes may be passed by"
                            + (repeatable
                                    ? "; the verification finds it, and a sweep changes it."
                                    : " or changed twice."),
                    "say key-changes: never where the application never changes them"
                            + (repeatable
                                    ? "."
                                    : ", and see that switch.verify finds a row that was missed or changed twice."));
        } else {
            refuse(findings, message);
        }
    }

    /** The job is not repeatable, and nobody has looked into it: a missed row and one changed twice would go unseen. */
    static void refuse(Findings findings, String message) {
        findings.refuse(
                CODE,
                KEY,
                message
                        + " The job is not repeatable: a row whose key changes could be missed or changed twice, and the gate"
                        + " would open.",
                "say in switch.verify what must hold of every row; or give a where that no changed row matches; or, if the"
                        + " application never changes these columns, promise it: key-changes: never.");
    }

    /** As the run judges it: a statement of one's own is only where it says so. */
    private static boolean isRepeatable(Job.Migrate migrate) {
        return switch (migrate.shape()) {
            case Shape.Insert insert ->
                insert.conflict().action() != Shape.Conflict.Action.ERROR
                        || migrate.where().isPresent();
            case Shape.Sql ignored -> migrate.where().isPresent() && migrate.again();
            case Shape.Set ignored -> migrate.where().isPresent();
            case Shape.Delete ignored -> migrate.where().isPresent();
        };
    }

    private List<String> dangers() {
        List<String> found = new ArrayList<>();
        if (subject.facts().partitioned()) {
            List<String> by =
                    database
                            .sql()
                            .fetch(PARTITION_COLUMNS, subject.facts().name().sql())
                            .getValues(0, String.class)
                            .stream()
                            .filter(this::canBeSet)
                            .toList();
            if (!by.isEmpty()) {
                found.add("the table is partitioned by " + by
                        + " and walked partition by partition, and a row whose partition changes moves to another one");
            }
        }
        subject.hazards().foreignKeys().forEach(k -> follows(k, found));
        for (Trigger trigger : subject.hazards().triggers()) {
            List<String> assigned =
                    trigger.assigns().stream().filter(key::contains).toList();
            if (!assigned.isEmpty() && trigger.before() && trigger.events().contains(Event.UPDATE)) {
                found.add("trigger " + trigger + " seems to set " + assigned);
            }
        }
        return found;
    }

    private boolean canBeSet(String column) {
        var found = subject.facts().columns().get(column);
        return found == null || !found.generated();
    }

    private void follows(ForeignKey k, List<String> found) {
        List<String> columns = k.incoming() ? k.referred() : k.columns();
        if (FOLLOWS.contains(k.onUpdate()) && columns.stream().anyMatch(key::contains)) {
            found.add("foreign key \"" + k.name() + "\" of " + k.from() + " is ON UPDATE " + k.onUpdate() + ", "
                    + (k.incoming() ? "which expects keys to change here" : "so keys here follow " + k.to()));
        }
    }

    /**
     * Warns of statements that the server remembers, where it does and lets the role see them. Many applications write
     * every column of a row back, so that one of them sets the key is a hint and no more.
     */
    void statements() {
        if (subject.job().migrate().keysStay()) {
            return;
        }
        try {
            for (Record schema : database.sql().fetch(STATEMENTS_SCHEMA)) {
                String from = TableName.quote(schema.get(0, String.class));
                TableName table = subject.facts().name();
                for (Record r : database.sql().fetch(String.format(STATEMENTS, from), table.name())) {
                    String query = r.get(0, String.class);
                    List<String> set =
                            key.stream().filter(c -> sets(query, table, c)).toList();
                    if (!set.isEmpty()) {
                        findings.warn(
                                "key-updated",
                                KEY,
                                "pg_stat_statements has seen an UPDATE of " + table + " that sets " + set + ", "
                                        + r.get(1, long.class)
                                        + " times. A row whose key changes during the run may be missed or met twice.",
                                "see whether it gives the key another value; if it does not, say key-changes: never.");
                        return;
                    }
                }
            }
        } catch (DataAccessException e) {
            // it is not loaded, or not for this role: nothing is known
        }
    }

    /** Whether a statement seems to be an UPDATE of this table that assigns the column. */
    static boolean sets(String query, TableName table, String column) {
        String name = "\"?" + Pattern.quote(table.name()) + "\"?";
        String assigned = "\"?" + Pattern.quote(column) + "\"?\\s*";
        String before = "(?:(?!\\bwhere\\b|\\bfrom\\b|\\breturning\\b).)*?";
        return Pattern.compile(
                        "\\bupdate\\s+(?:only\\s+)?(?:\"?" + Pattern.quote(table.schema()) + "\"?\\s*\\.\\s*)?" + name
                                + "(?![\\w$\".])(?:(?!\\bset\\b).)*?\\bset\\b" + before
                                + "(?:(?<![\\w$\".])" + assigned + "=|\\((?:[^()]*,)?\\s*" + assigned
                                + "(?:,[^()]*)?\\)\\s*=)",
                        Pattern.CASE_INSENSITIVE | Pattern.DOTALL)
                .matcher(query)
                .find();
    }
}
