package dev.sluice.verify;

import dev.sluice.database.Database;
import dev.sluice.database.SqlFailure;
import dev.sluice.job.Job;
import dev.sluice.job.Shape;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableFacts;
import dev.sluice.verify.ExpressionProbe.Findings;
import dev.sluice.verify.Verification.Kind;
import java.sql.SQLException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Chooses how a job is proven, from its definition and from what the server says of its expressions. */
public final class VerificationChoice {
    private VerificationChoice() {}

    /**
     * Chooses.
     *
     * @param facts of the migrated table
     * @param into column types of the filled table of an {@code insert}, by name; empty for other shapes
     * @throws SQLException when an expression is wrong or the database does not answer
     */
    public static Verification of(Database database, Job job, TableFacts facts, Map<String, TableFacts.Column> into)
            throws SQLException {
        Verification byDefinition = switch (job.migrate().shape()) {
            case Shape.Set set -> ofSet(database, job, facts, set);
            case Shape.Insert insert -> ofInsert(database, job, insert, into);
            case Shape.Delete ignored -> completeness(job, true, false);
            case Shape.Sql ignored -> completeness(job, false, false);
        };
        return job.verify()
                .map(v -> new Verification(
                        Kind.GIVEN,
                        v,
                        byDefinition.idempotent(),
                        byDefinition.readsOtherTables(),
                        "switch.verify of the job file"))
                .orElse(byDefinition);
    }

    private static Verification ofSet(Database database, Job job, TableFacts facts, Shape.Set set) throws SQLException {
        Map<String, Findings> probed;
        try {
            probed = ExpressionProbe.probe(database, facts.name(), set.columns());
        } catch (SQLException e) {
            if (SqlFailure.in(e).filter(f -> f.sqlState().equals("42501")).isEmpty()) {
                throw e;
            }
            return completeness(
                    job,
                    false,
                    false,
                    "the role may not make temporary tables, so the expressions are not known to be immutable");
        }
        Collection<Findings> all = probed.values();
        boolean other = all.stream().anyMatch(Findings::readsOtherTables);
        if (!all.stream().allMatch(Findings::immutable)) {
            return completeness(
                    job, false, other, other ? "an expression reads other tables" : "an expression is not immutable");
        }
        Set<String> read = all.stream().flatMap(f -> f.columns().stream()).collect(Collectors.toSet());
        if (set.columns().keySet().stream().anyMatch(read::contains)) {
            return completeness(job, false, false, "an expression reads a column that is set");
        }
        if (all.stream().anyMatch(Findings::readsGenerated)) {
            return completeness(
                    job, false, false, "an expression reads a generated column, which may follow a column that is set");
        }
        String equal = set.columns().entrySet().stream()
                .map(e -> equality(
                        column(facts.name().name(), e.getKey()),
                        e.getValue(),
                        facts.columns().get(e.getKey())))
                .collect(Collectors.joining(" AND "));
        return new Verification(Kind.EQUALITY, equal, true, false, "every column equals its immutable expression");
    }

    /**
     * As an assignment would have stored it: a numeric(10,2) column holds the rounded value. Where the type has no
     * equality of the system's own (json, also within a composite type; what an extension in another schema brings),
     * the texts are compared.
     */
    private static String equality(String column, String expression, TableFacts.@Nullable Column facts) {
        return equal(column, cast(expression, facts), facts);
    }

    private static Verification ofInsert(
            Database database, Job job, Shape.Insert insert, Map<String, TableFacts.Column> into) throws SQLException {
        boolean immutable = immutable(database, job, insert);
        boolean overwrites = insert.conflict().action() == Shape.Conflict.Action.UPDATE;
        boolean repeatable = insert.conflict().action() != Shape.Conflict.Action.ERROR;
        Collection<String> compared = immutable && overwrites
                ? insert.columns().keySet()
                : insert.conflict().columns();
        Map<String, String> names = new LinkedHashMap<>();
        insert.columns().keySet().forEach(c -> names.put(c, "c" + (names.size() + 1)));
        String values = insert.columns().entrySet().stream()
                .map(e -> cast(e.getValue(), into.get(e.getKey())) + " AS " + names.get(e.getKey()))
                .collect(Collectors.joining(", "));
        String same = compared.stream()
                .map(c -> insert.conflict().columns().contains(c)
                        ? "sluice_into." + TableName.quote(c) + " " + equals(into.get(c)) + " sluice_values."
                                + names.get(c)
                        : equal("sluice_into." + TableName.quote(c), "sluice_values." + names.get(c), into.get(c)))
                .collect(Collectors.joining(" AND "));
        String present = "(SELECT EXISTS (SELECT FROM " + insert.target().sql() + " AS sluice_into WHERE " + same
                + ") FROM (SELECT " + values + ") AS sluice_values)";
        String condition = job.migrate()
                .where()
                .map(w -> "(" + enclosed(w) + " IS NOT TRUE OR " + present + ")")
                .orElse(present);
        return immutable && overwrites
                ? new Verification(
                        Kind.EQUALITY, condition, repeatable, false, "every row has its equal in " + insert.target())
                : new Verification(
                        Kind.COMPLETENESS,
                        condition,
                        repeatable,
                        false,
                        "every row has its counterpart in " + insert.target());
    }

    private static String equal(String a, String b, TableFacts.@Nullable Column facts) {
        String text = facts == null || facts.comparable() ? "" : "::text";
        return a + text + " IS NOT DISTINCT FROM " + b + text;
    }

    /** That the index of the conflict's columns knows. */
    private static String equals(TableFacts.@Nullable Column facts) {
        return facts == null ? "=" : facts.equals();
    }

    /** Not known to be where the role may not make temporary tables. */
    private static boolean immutable(Database database, Job job, Shape.Insert insert) throws SQLException {
        try {
            return ExpressionProbe.probe(database, job.migrate().table(), insert.columns()).values().stream()
                    .allMatch(Findings::immutable);
        } catch (SQLException e) {
            if (SqlFailure.in(e).filter(f -> f.sqlState().equals("42501")).isEmpty()) {
                throw e;
            }
            return false;
        }
    }

    private static String cast(String expression, TableFacts.@Nullable Column column) {
        return column == null ? enclosed(expression) : "CAST(" + enclosed(expression) + " AS " + column.type() + ")";
    }

    /**
     * The condition that finds rows of the filled table without a source row, over that table under its own name.
     *
     * @param filled columns of the filled table, by name
     * @return empty for other shapes, or where the job allows orphans
     */
    public static Optional<String> orphans(Job job, Map<String, TableFacts.Column> filled) {
        if (!(job.migrate().shape() instanceof Shape.Insert insert) || !insert.checkOrphans()) {
            return Optional.empty();
        }
        TableName source = job.migrate().table();
        String same = insert.conflict().columns().stream()
                .map(c -> {
                    String equals = equals(filled.get(c));
                    String expression = String.valueOf(insert.columns().get(c));
                    return (equals.equals("=") ? enclosed(expression) : cast(expression, filled.get(c))) + " " + equals
                            + " " + column("sluice_orphan", c);
                })
                .collect(Collectors.joining(" AND "));
        // the filled table's row by its own name, renamed, so that a source column of the same name is not hidden
        String renamed = insert.conflict().columns().stream()
                .map(c -> column(insert.target().name(), c) + " AS " + TableName.quote(c))
                .collect(Collectors.joining(", "));
        return Optional.of("(SELECT EXISTS (SELECT FROM " + source.sql() + " AS " + TableName.quote(source.name())
                + " WHERE " + same + ") FROM (SELECT " + renamed + ") AS sluice_orphan)");
    }

    private static Verification completeness(Job job, boolean idempotent, boolean other) {
        return completeness(job, idempotent, other, "the job's shape");
    }

    private static Verification completeness(Job job, boolean idempotent, boolean other, String because) {
        return job.migrate()
                .where()
                .map(w -> new Verification(
                        Kind.COMPLETENESS,
                        enclosed(w) + " IS NOT TRUE",
                        idempotent,
                        other,
                        "no row matches where, for " + because))
                .orElseGet(() ->
                        new Verification(Kind.RANGES, null, idempotent, other, "there is no where, and " + because));
    }

    /** In parentheses; a comment at the end must not swallow the closing one. */
    private static String enclosed(String expression) {
        return "(" + expression + (expression.contains("--") ? "\n)" : ")");
    }

    private static String column(String alias, String column) {
        return TableName.quote(alias) + "." + TableName.quote(column);
    }
}
