package dev.sluice.execution;

import dev.sluice.checkpoint.PartitionId;
import dev.sluice.database.SqlFailure;
import dev.sluice.run.RunStatus;
import dev.sluice.table.TableFacts;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Words for what ended a run, with the remedy. */
final class Failures {
    private Failures() {}

    static RunStatus.Failure of(SqlFailure failure, int failures, FailedBatch batch) {
        String fact = failure + at(failure, batch.statement());
        String row = batch.row() == null ? "" : " Operators are shown the row's key and the server's own words.";
        return switch (failure.kind()) {
            case DEFINITION ->
                failure(
                        "definition-error",
                        "The database refuses the statement" + (batch.row() == null ? "" : " at one row") + ": " + fact
                                + "." + row
                                + " Mend the job file or the table; a run of an unchanged definition then resumes where it stopped.",
                        failure,
                        batch);
            case DATA ->
                failure(
                        "data-error",
                        (batch.row() == null ? "Rows cannot be changed: " : "One row cannot be changed: ")
                                + fact + "." + row
                                + " Fix the row or the expression, then start the job again; it resumes where it stopped.",
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
