package dev.sluice.plan;

import dev.sluice.job.Job;
import dev.sluice.job.Shape;
import dev.sluice.sql.SqlText;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableFacts;
import dev.sluice.table.TableHazards;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A job with what the catalog says of its tables.
 *
 * @param job the definition
 * @param facts of the walked table
 * @param hazards around the walked table
 * @param filled columns of the table an {@code insert} fills; empty for other shapes
 * @param filledHazards around that table
 */
record Subject(
        Job job,
        TableFacts facts,
        TableHazards hazards,
        Map<String, TableFacts.Column> filled,
        Optional<TableHazards> filledHazards) {

    /** The relation that expressions are tried on: a leaf, since batches read leaves, or the table when it has none. */
    TableName sampleRelation() {
        return facts.leaves().isEmpty() ? facts.name() : facts.leaves().get(0).name();
    }

    /** {@code ONLY "app"."u1" AS "u"}: a leaf under the table's own name, as the job's expressions know it. */
    String from(TableName relation) {
        return "ONLY " + relation.sql() + " AS " + TableName.quote(facts.name().name());
    }

    /** Columns of the walked table that the batches change; empty unless {@code set}. */
    Set<String> changedColumns() {
        return job.migrate().shape() instanceof Shape.Set set ? set.columns().keySet() : Set.of();
    }

    /** Every expression over a row of the walked table, by its key in the job file. */
    Map<String, String> expressions() {
        Map<String, String> all = new LinkedHashMap<>();
        switch (job.migrate().shape()) {
            case Shape.Set set -> set.columns().forEach((c, e) -> all.put("migrate.set." + c, e));
            case Shape.Insert insert -> insert.columns().forEach((c, e) -> all.put("migrate.insert.columns." + c, e));
            case Shape.Delete ignored -> {}
            case Shape.Sql ignored -> {}
        }
        job.migrate().where().ifPresent(w -> all.put("migrate.where", w));
        job.verify().ifPresent(v -> all.put("switch.verify", v));
        return all;
    }

    /** Columns of the walked table that batches and verification read, as far as their names appear. */
    Set<String> readColumns() {
        Set<String> read = new LinkedHashSet<>();
        facts.key().forEach(k -> read.add(k.name()));
        for (String expression : expressions().values()) {
            SqlText.of(expression).identifiers().stream()
                    .filter(facts.columns()::containsKey)
                    .forEach(read::add);
        }
        read.addAll(changedColumns());
        return read;
    }

    /** {@code set}, {@code insert}, {@code delete} or {@code sql}. */
    String shapeName() {
        return nameOf(job.migrate().shape());
    }

    /** {@code set}, {@code insert}, {@code delete} or {@code sql}. */
    static String nameOf(Shape shape) {
        return switch (shape) {
            case Shape.Set ignored -> "set";
            case Shape.Insert ignored -> "insert";
            case Shape.Delete ignored -> "delete";
            case Shape.Sql ignored -> "sql";
        };
    }
}
