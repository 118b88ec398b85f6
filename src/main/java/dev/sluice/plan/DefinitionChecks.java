package dev.sluice.plan;

import dev.sluice.database.Database;
import dev.sluice.database.SqlFailure;
import dev.sluice.job.Shape;
import dev.sluice.sql.SqlText;
import dev.sluice.sql.TableName;
import dev.sluice.table.RequiredColumns;
import dev.sluice.table.TableFacts.Column;
import dev.sluice.table.TableFacts.KeyColumn;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Columns and expressions of a job, against the table and the server. */
final class DefinitionChecks {
    private static final String PERMISSION_DENIED = "42501";
    private static final String SYNTAX_ERROR = "42601";

    private final Subject subject;
    private final Findings findings;
    private final PlanServer server;

    DefinitionChecks(Subject subject, Findings findings, PlanServer server) {
        this.subject = subject;
        this.findings = findings;
        this.server = server;
    }

    void run(Database database) {
        backslashes(database);
        switch (subject.job().migrate().shape()) {
            case Shape.Set set -> set(set);
            case Shape.Insert insert -> insert(insert, database);
            case Shape.Delete ignored -> {}
            case Shape.Sql sql -> sql(sql);
        }
        subject.job().migrate().where().ifPresent(w -> condition("migrate.where", w));
        subject.job().verify().ifPresent(v -> condition("switch.verify", v));
        repeatable();
    }

    private void set(Shape.Set set) {
        String from = subject.from(subject.sampleRelation());
        set.columns().forEach((column, expression) -> {
            String key = "migrate.set." + column;
            settable(key, column, subject.facts().columns(), subject.facts().name());
            keyStays(key, column);
            if (!findings.refused(key)) {
                probe(new Expression(
                        key, "UPDATE " + from + " SET " + TableName.quote(column) + " = (", expression, "\n)"));
            }
        });
    }

    private void keyStays(String key, String column) {
        for (KeyColumn k : subject.facts().key()) {
            boolean computed = subject.hazards()
                    .generatedFrom()
                    .getOrDefault(k.name(), java.util.Set.of())
                    .contains(column);
            if (k.name().equals(column) || computed) {
                findings.refuse(
                        "key-changes",
                        key,
                        "The batches walk by \"" + k.name() + "\""
                                + (computed ? ", which is computed from \"" + column + "\"" : "")
                                + ": a row whose key changes could be met twice or never.",
                        "walk by another unique key (migrate.key), or fill a new column and switch to it.");
            }
        }
    }

    private void settable(String key, String column, Map<String, Column> columns, TableName table) {
        Column found = columns.get(column);
        if (found == null) {
            findings.refuse(
                    "no-such-column",
                    key,
                    "Table " + table + " has no column \"" + column + "\".",
                    "add it first (ALTER TABLE " + table.sql() + " ADD COLUMN " + TableName.quote(column)
                            + " …), or name one of " + String.join(", ", columns.keySet()) + ".");
        } else if (found.generated()) {
            findings.refuse(
                    "generated-column",
                    key,
                    "Column \"" + column + "\" of " + table + " is generated and cannot be set.",
                    "leave it out: the database computes it.");
        }
    }

    private void insert(Shape.Insert insert, Database database) {
        String from = subject.from(subject.sampleRelation());
        insert.columns().forEach((column, expression) -> {
            String key = "migrate.insert.columns." + column;
            settable(key, column, subject.filled(), insert.target());
            if (!findings.refused(key)) {
                String into = "INSERT INTO " + insert.target().sql() + " (" + TableName.quote(column) + ") SELECT (";
                probe(new Expression(key, into, expression, "\n) FROM " + from));
            }
        });
        List<String> required = RequiredColumns.of(database, insert.target()).stream()
                .filter(c -> !insert.columns().containsKey(c))
                .toList();
        if (!required.isEmpty()) {
            findings.refuse(
                    "required-column",
                    "migrate.insert.columns",
                    "Columns " + required + " of " + insert.target()
                            + " are NOT NULL without a default, and the job does not fill them.",
                    "add them to insert.columns, or give them a default.");
        }
        if (!findings.refused("migrate.insert.columns")) {
            conflict(insert, from);
        }
    }

    private void conflict(Shape.Insert insert, String from) {
        List<String> unknown = insert.conflict().columns().stream()
                .filter(c -> !insert.columns().containsKey(c))
                .toList();
        String columns = quoted(insert.conflict().columns());
        if (!unknown.isEmpty()) {
            findings.refuse(
                    "conflict-column-not-filled",
                    "migrate.insert.conflict.columns",
                    "The job does not fill " + unknown + " of the conflict's columns.",
                    "add them to insert.columns.");
            return;
        }
        String all = insert.columns().values().stream()
                .map(e -> "(" + SqlText.of(e).forJdbc() + "\n)")
                .collect(Collectors.joining(", "));
        var statement = new Expression(
                "migrate.insert.conflict.columns",
                "INSERT INTO " + insert.target().sql() + " ("
                        + quoted(insert.columns().keySet()) + ") SELECT ",
                "",
                all + " FROM " + from + " ON CONFLICT (" + columns + ") DO NOTHING");
        server.fault(statement).ifPresent(failure -> {
            if (failure.sqlState().equals("42P10")) {
                findings.refuse(
                        "conflict-not-unique",
                        statement.key(),
                        "No unique index of " + insert.target() + " is on exactly "
                                + insert.conflict().columns() + ".",
                        "CREATE UNIQUE INDEX CONCURRENTLY ON " + insert.target().sql() + " (" + columns
                                + "); or name the columns of its unique key.");
            } else {
                refuse(statement, failure);
            }
        });
    }

    /** The placeholder gives way to a condition of the same length, so that positions stay. */
    private void sql(Shape.Sql sql) {
        String placeholder = SqlText.of(sql.statement()).batchAliases().get(0);
        int start = sql.statement().indexOf("{batch:");
        int length = sql.statement().indexOf('}', start) - start + 1;
        String tried = SqlText.of(sql.statement()).withBatch("(true)" + " ".repeat(Math.max(0, length - 6)));
        Expression alone = new Expression("migrate.sql", "", tried, "\nRETURNING false AS still");
        probe(new Expression("migrate.sql", "WITH sluice_changed AS (", tried, alone.after() + ") SELECT 1"), alone);
        if (!findings.refused("migrate.sql")) {
            String key = subject.facts().key().stream()
                    .map(k -> TableName.quote(sql.alias()) + "." + k.sql() + " IS NOT NULL")
                    .collect(Collectors.joining(" AND "));
            String ranged = SqlText.of(sql.statement()).withBatch("(" + key + ")");
            server.fault(new Expression(
                            "migrate.sql", "WITH sluice_changed AS (", ranged, "\nRETURNING false AS still) SELECT 1"))
                    .filter(f -> !f.sqlState().equals(PERMISSION_DENIED))
                    .ifPresent(f -> findings.refuse(
                            "wrong-alias",
                            "migrate.sql",
                            "{batch:" + placeholder + "} is not the walked table with its key ("
                                    + subject.facts().keyText() + "): " + f.message() + ".",
                            "give " + subject.facts().name() + " an alias in the statement, and name that alias."));
        }
    }

    private void condition(String key, String condition) {
        probe(new Expression(
                key, "SELECT 1 FROM " + subject.from(subject.sampleRelation()) + " WHERE (", condition, "\n)"));
    }

    private void probe(Expression expression) {
        probe(expression, new Expression(expression.key(), "SELECT (NULL::int[])[", expression.sql(), "\n]"));
    }

    /**
     * Asks the server about SQL as Sluice writes it, in round brackets, and where it has nothing against it also in
     * other surroundings, by its grammar alone: {@code a) OR (b} closes round brackets, and nothing but one whole
     * expression fits both.
     */
    private void probe(Expression expression, Expression elsewhere) {
        server.fault(expression)
                .ifPresentOrElse(
                        f -> refuse(expression, f),
                        () -> server.fault(elsewhere)
                                .filter(f -> f.sqlState().equals(SYNTAX_ERROR))
                                .ifPresent(f -> findings.refuse(
                                        "not-whole",
                                        expression.key(),
                                        "By itself it is not one whole "
                                                + (expression.key().equals("migrate.sql") ? "statement" : "expression")
                                                + ": " + elsewhere.explain(f),
                                        "balance the brackets and quotes around the mark; a SELECT that is a value needs"
                                                + " brackets of its own.")));
    }

    /** Where the server takes a \ in a plain string for an escape, a ' after it does not end the string. */
    private void backslashes(Database database) {
        if ("on".equals(database.sql().fetchValue("SELECT current_setting('standard_conforming_strings')"))) {
            return;
        }
        Map<String, String> all = subject.expressions();
        if (subject.job().migrate().shape() instanceof Shape.Sql sql) {
            all.put("migrate.sql", sql.statement());
        }
        all.forEach((key, sql) -> {
            if (SqlText.of(sql).hasPlainBackslash()) {
                findings.refuse(
                        "escapes-in-strings",
                        key,
                        "It has a \\ in a plain string, and standard_conforming_strings is off here, so that the server"
                                + " takes it for the beginning of an escape.",
                        "write the string as E'…' with \\\\ for each \\, which means the same everywhere; or ALTER ROLE "
                                + TableName.quote(subject.hazards().role())
                                + " SET standard_conforming_strings = on, if the triggers of the table allow it.");
            }
        });
    }

    private void refuse(Expression expression, SqlFailure failure) {
        if (failure.sqlState().equals(PERMISSION_DENIED)) {
            if (findings.has("missing-privilege")) {
                return; // once the GRANTs that are told are run, it is asked again
            }
            findings.refuse(
                    "missing-privilege",
                    expression.key(),
                    "Role \"" + subject.hazards().role() + "\": " + failure.message() + ".",
                    AccessChecks.grant(subject, failure));
            return;
        }
        if (isCondition(expression) && failure.sqlState().equals("42804") && isFineAsValue(expression)) {
            findings.refuse(
                    "not-boolean",
                    expression.key(),
                    "The condition is not true or false: " + expression.explain(failure),
                    "write a condition, such as a comparison.");
            return;
        }
        String explained = expression.explain(failure);
        findings.refuse(
                "sql-refused",
                expression.key(),
                "The server refuses it with " + failure.sqlState() + ": " + explained,
                Optional.ofNullable(failure.hint()).orElse("correct the SQL where the mark is."));
    }

    private static boolean isCondition(Expression expression) {
        return expression.key().equals("migrate.where") || expression.key().equals("switch.verify");
    }

    /** A condition that the server takes as a value, but not in WHERE, is of another type than boolean. */
    private boolean isFineAsValue(Expression condition) {
        String from = subject.from(subject.sampleRelation());
        return server.fault(new Expression(condition.key(), "SELECT (", condition.sql(), "\n) FROM " + from))
                .isEmpty();
    }

    private void repeatable() {
        var migrate = subject.job().migrate();
        if (migrate.where().isEmpty()) {
            migrate.schedule()
                    .ifPresent(s -> findings.refuse(
                            "schedule-not-repeatable",
                            "migrate.schedule",
                            "A job without where is not repeatable: a second start would change every row again.",
                            "add a where that names the rows still to be done, or take the schedule away."));
            findings.warn(
                    "no-where",
                    "migrate",
                    "Without where every row of " + subject.facts().name()
                            + " is changed, once; values that the application wrote meanwhile are overwritten, and there are no sweeps.",
                    "add a where that names the rows still to be done, if there is one.");
        }
    }

    private static String quoted(java.util.Collection<String> columns) {
        return columns.stream().map(TableName::quote).collect(Collectors.joining(", "));
    }
}
