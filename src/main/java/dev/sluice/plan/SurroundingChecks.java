package dev.sluice.plan;

import dev.sluice.job.Shape;
import dev.sluice.sql.SqlText;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableHazards;
import dev.sluice.table.TableHazards.Event;
import dev.sluice.table.TableHazards.ForeignKey;
import dev.sluice.table.TableHazards.Publication;
import dev.sluice.table.TableHazards.Trigger;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;

/** What else happens when rows of the table change: triggers, cascades, replication, index entries. */
final class SurroundingChecks {
    private static final String TABLE = "migrate.table";
    private static final String INTO = "migrate.insert.into";
    private static final long BIG = 10_000;

    private final Subject subject;
    private final Findings findings;

    SurroundingChecks(Subject subject, Findings findings) {
        this.subject = subject;
        this.findings = findings;
    }

    void run() {
        Shape shape = subject.job().migrate().shape();
        TableHazards hazards = subject.hazards();
        switch (shape) {
            case Shape.Set set -> {
                around(hazards, EnumSet.of(Event.UPDATE), TABLE, true);
                changedColumns(hazards, set.columns().keySet());
            }
            case Shape.Delete ignored -> {
                around(hazards, EnumSet.of(Event.DELETE), TABLE, true);
                hazards.foreignKeys().stream().filter(ForeignKey::incoming).forEach(this::onDelete);
            }
            case Shape.Insert insert ->
                subject.filledHazards().ifPresent(h -> {
                    boolean updates = insert.conflict().action() == Shape.Conflict.Action.UPDATE;
                    around(h, updates ? EnumSet.of(Event.INSERT, Event.UPDATE) : EnumSet.of(Event.INSERT), INTO, false);
                });
            case Shape.Sql sql -> around(hazards, eventsOf(sql), TABLE, false);
        }
    }

    private static Set<Event> eventsOf(Shape.Sql sql) {
        String verb = SqlText.of(sql.statement()).verb().orElse("").toUpperCase(Locale.ROOT);
        return switch (verb) {
            case "INSERT" -> EnumSet.of(Event.INSERT);
            case "UPDATE" -> EnumSet.of(Event.UPDATE);
            case "DELETE" -> EnumSet.of(Event.DELETE);
            default -> EnumSet.allOf(Event.class);
        };
    }

    private void around(TableHazards hazards, Set<Event> events, String key, boolean leavesOnly) {
        for (Trigger trigger : hazards.triggers()) {
            boolean fires = trigger.events().stream().anyMatch(events::contains);
            boolean byColumn = !subject.changedColumns().isEmpty();
            if (!fires || (byColumn && !trigger.firesOnUpdateOf(subject.changedColumns()))) {
                continue;
            }
            if (leavesOnly
                    && subject.facts().partitioned()
                    && !trigger.eachRow()
                    && trigger.table().equals(subject.facts().name())) {
                findings.warn(
                        "trigger-passed-by",
                        key,
                        "Trigger " + trigger + " on " + trigger.table()
                                + " does not fire: batches change the partitions, and it stands on the parent.",
                        "if it keeps something right, create it FOR EACH ROW, or on every partition.");
            } else {
                fires(trigger, key);
            }
        }
        publications(hazards, events, key);
    }

    private void fires(Trigger trigger, String key) {
        Set<String> changed = subject.changedColumns();
        String times = trigger.eachRow() ? "for every row" : "for every batch";
        findings.warn(
                "trigger-fires",
                key,
                "Trigger " + trigger + " on " + trigger.table() + " fires " + times + ".",
                "see that it may; a role of its own for the worker lets a trigger tell it from the application (WHEN (current_user <> '"
                        + subject.hazards().role() + "')).");
        if (!trigger.before() || !trigger.eachRow()) {
            return;
        }
        List<String> keys = subject.facts().key().stream().map(k -> k.name()).toList();
        for (String column : trigger.assigns()) {
            if (changed.contains(column)) {
                findings.warn(
                        "trigger-sets-column",
                        "migrate.set." + column,
                        "Trigger " + trigger + " seems to set \"" + column + "\" too, after the job's expression.",
                        "look at the rows after the trial below, and say switch.verify if they differ from the expression.");
            } else if (!changed.isEmpty() && keys.contains(column)) {
                findings.warn(
                        "trigger-sets-key",
                        key,
                        "Trigger " + trigger + " seems to set key column \"" + column
                                + "\"; a row whose key moves ahead of the walk would be changed twice.",
                        "see that it keeps the key.");
            } else if (!changed.isEmpty()) {
                findings.warn(
                        "column-moves",
                        key,
                        "Column \"" + column + "\" moves with every row: trigger " + trigger + " sets it.",
                        "see that nothing (caches, exports, sync by time) takes this for a change by a person.");
            }
        }
    }

    private void publications(TableHazards hazards, Set<Event> events, String key) {
        for (Publication p : hazards.publications()) {
            if ((events.contains(Event.INSERT) && p.inserts())
                    || (events.contains(Event.UPDATE) && p.updates())
                    || (events.contains(Event.DELETE) && p.deletes())) {
                long rows = subject.facts().estimatedRows();
                findings.warn(
                        "published",
                        key,
                        "Publication \"" + p.name() + "\" sends every changed row to its subscribers"
                                + (rows < 0 ? "." : ", up to about " + rows + " rows."),
                        "tell their owners, and set throttle.rows-per-second to what they can take.");
            }
        }
    }

    private void changedColumns(TableHazards hazards, Set<String> columns) {
        for (TableHazards.Index index : hazards.indexes()) {
            List<String> both =
                    columns.stream().filter(index.columns()::contains).toList();
            if (!both.isEmpty()) {
                findings.warn(
                        "indexed-column",
                        "migrate.set." + both.get(0),
                        "Index \"" + index.name() + "\" uses " + both
                                + ": every changed row gets a new entry in every index of the table.",
                        "where you can, create the index after the backfill.");
            }
        }
        Predicate<ForeignKey> touched =
                k -> k.incoming() && k.referred().stream().anyMatch(columns::contains);
        hazards.foreignKeys().stream()
                .filter(touched)
                .forEach(k -> findings.warn(
                        "cascade",
                        "migrate.set",
                        "Foreign key \"" + k.name() + "\" of " + k.from() + " refers to " + k.referred()
                                + ": ON UPDATE " + k.onUpdate() + ".",
                        "see that the rows of " + k.from() + " may follow."));
    }

    private void onDelete(ForeignKey k) {
        switch (k.onDelete()) {
            case "CASCADE", "SET NULL", "SET DEFAULT" ->
                findings.warn(
                        "cascade",
                        TABLE,
                        "Rows of " + k.from() + " that refer to a deleted row follow it: foreign key \"" + k.name()
                                + "\" is ON DELETE " + k.onDelete() + ".",
                        "see that they may; they are not counted as changed.");
            default ->
                findings.warn(
                        "referenced",
                        TABLE,
                        "Foreign key \"" + k.name() + "\" of " + k.from()
                                + " forbids deleting a row that is referred to; such a row fails the batch.",
                        "leave such rows out by where: NOT EXISTS (SELECT FROM "
                                + k.from().sql() + " …).");
        }
        if (!k.indexed() && (k.fromRows() < 0 || k.fromRows() > BIG)) {
            findings.refuse(
                    "foreign-key-without-index",
                    TABLE,
                    "Every deleted row scans " + k.from()
                            + (k.fromRows() < 0 ? "" : " (about " + k.fromRows() + " rows)") + ": no index begins with "
                            + k.columns() + " of foreign key \"" + k.name() + "\".",
                    "CREATE INDEX CONCURRENTLY ON " + k.from().sql() + " ("
                            + String.join(
                                    ", ",
                                    k.columns().stream().map(TableName::quote).toList()) + ");");
        }
    }
}
