package dev.sluice.execution;

import dev.sluice.checkpoint.PartitionId;
import dev.sluice.database.SqlFailure;
import dev.sluice.job.Job;
import dev.sluice.job.Shape;
import dev.sluice.run.RunStatus;
import dev.sluice.sql.SqlName;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableFacts;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Words for what ended a run, with the remedy. */
final class Failures {
    private Failures() {}

    /** A batch that has changed more than it walked, of which nothing was committed. */
    static RunStatus.Failure beyondRange(SqlFailure failure, FailedBatch batch) {
        return failure(
                "batch-beyond-range",
                "A batch changed rows beyond the keys it walked, so nothing of it was committed. Either"
                        + " `where` or an expression is not one whole expression to the server and reaches out of the brackets"
                        + " around it, or a trigger changes the key of a row."
                        + " Fix the job file (`sluice plan` shows the place), or walk by another key.",
                failure,
                batch);
    }

    /** Two source rows of one batch for one row of an insert that overwrites. */
    static RunStatus.Failure sharedKey(SqlFailure failure, Shape.Insert insert, TableName from, FailedBatch batch) {
        String key = insert.conflict().columns().stream()
                .map(c -> SqlName.spell(c) + " = " + insert.columns().get(c))
                .collect(Collectors.joining(", "));
        return failure(
                "rows-share-target-key",
                "Several rows of " + from + " in one batch share one key of " + insert.target()
                        + " ("
                        + key
                        + "), and `do: update` would leave it to chance which of them stays. Name conflict columns that tell"
                        + " such rows apart, leave all but one of them out by `where`, or say `do: nothing` to keep the first;"
                        + " then start the job again.",
                failure,
                batch);
    }

    static RunStatus.Failure of(SqlFailure failure, int failures, FailedBatch batch) {
        Job job = batch.job();
        if (failure.beyondRange()) {
            return beyondRange(failure, batch);
        }
        if (job != null
                && failure.severalRows()
                && job.migrate().shape() instanceof Shape.Insert insert
                && insert.conflict().action() == Shape.Conflict.Action.UPDATE) {
            return sharedKey(failure, insert, job.migrate().table(), batch);
        }
        String fact = failure + at(failure, batch.statement()) + in(failure);
        String row = batch.row() == null ? "" : " Operators are shown the row's key and the server's own words.";
        return switch (failure.kind()) {
            case DEFINITION ->
                failure(
                        "definition-error",
                        "The database refuses the statement" + (batch.row() == null ? "" : " at one row") + ": " + fact
                                + "." + row
                                + (failure.function() == null
                                        ? " Fix the job file or the table; a run of an unchanged definition then resumes where"
                                                + " it stopped."
                                        : " Fix that function, or what it names (unqualified names follow search_path, which"
                                                + " plan shows); then start the job again; it resumes where it stopped."),
                        failure,
                        batch);
            case DATA ->
                failure(
                        "data-error",
                        (batch.row() == null ? "Rows cannot be changed: " : "One row cannot be changed: ")
                                + fact + "." + row
                                + " Fix the row or the " + (failure.function() == null ? "expression" : "function")
                                + ", then start the job again; it resumes where it stopped.",
                        failure,
                        batch);
            case AWAY, READ_ONLY, FULL, TIMEOUT, TRANSIENT, OTHER ->
                failure(
                        "database-error",
                        "The database failed " + failures + " times in a row: " + fact + "." + row
                                + " Find the cause in the server's log, then start the job again; it resumes where it stopped.",
                        failure,
                        batch);
        };
    }

    /** A position means nothing by another key: walking on would skip rows, and change others twice. */
    static RunStatus.Failure keyChanged(List<String> begun, TableFacts facts) {
        return new RunStatus.Failure(
                "key-changed",
                "The run began on the key (" + String.join(", ", begun) + ") of " + facts.name() + ", which is now ("
                        + facts.keyText()
                        + "), and its positions mean nothing by another key. Bring the first one back as the"
                        + " table's key, then start the job again; it resumes where it stopped.",
                null,
                null,
                null,
                null);
    }

    /**
     * The table of a run lost its name, be it to another one.
     *
     * @param now the name it has now; null where it was dropped
     */
    static RunStatus.Failure tableReplaced(TableName table, @Nullable String now) {
        return new RunStatus.Failure(
                "table-replaced",
                "The table that the run began on is not " + table + " any more: it "
                        + (now == null ? "was dropped" : "is " + now + " now")
                        + ". Whatever has its name now was not changed. "
                        + (now == null
                                ? "Cancel"
                                : "Bring the first one back under its name and start the job again, which resumes where it"
                                        + " stopped; or cancel")
                        + " this run and start a new one (of a job that is not repeatable with `again`), which begins at the"
                        + " first row of the table that has the name then.",
                null,
                null,
                null,
                null);
    }

    /**
     * What a batch's SQL sets holds for what comes after it in the same batch: whether that was right, nobody knows.
     */
    static RunStatus.Failure settingsChanged(List<String> changed) {
        return new RunStatus.Failure(
                "settings-changed",
                "A batch ended under other settings than it began with: " + String.join(", ", changed)
                        + ". An expression of the job, a function that it calls or a trigger sets them. Say such settings"
                        + " in migrate.settings, or give the function its own (ALTER FUNCTION … SET …), which end with"
                        + " it; then start the job again; it resumes where it stopped.",
                null,
                null,
                null,
                null);
    }

    private static RunStatus.Failure failure(String code, String message, SqlFailure f, FailedBatch batch) {
        return new RunStatus.Failure(
                code,
                message,
                f.sqlState(),
                batch.statement(),
                f.position(),
                batch.keyRange(),
                f.mayQuoteRows() ? f.message() : null,
                f.mayQuoteRows() ? f.detail() : null,
                batch.row());
    }

    /** The function that it arose in, be it of a trigger or called by the job's SQL. */
    private static String in(SqlFailure failure) {
        return failure.function() == null
                ? ""
                : ", in function " + failure.function() + ", which a trigger or the job's SQL calls";
    }

    /** The piece of the statement the server points at. */
    private static String at(SqlFailure failure, @Nullable String statement) {
        Integer position = failure.position();
        if (position == null || statement == null || position > statement.length()) {
            return "";
        }
        int from = Math.max(0, position - 1);
        int to = Math.min(statement.length(), from + 40);
        return ", at character " + position + ", near \""
                + statement.substring(from, to).strip() + "\"";
    }

    static RunStatus.Failure checkpointGone(PartitionId id) {
        return new RunStatus.Failure(
                "checkpoint-gone",
                "The checkpoint of " + id
                        + " is not there any more. Somebody removed rows of sluice.checkpoint; restore"
                        + " them from a backup before this job runs again.",
                null,
                null,
                null,
                null);
    }
}
