package dev.sluice.run;

import dev.sluice.checkpoint.Checkpoints;
import dev.sluice.checkpoint.DesiredState;
import dev.sluice.database.Database;
import dev.sluice.database.Databases;
import dev.sluice.database.SessionDefaults;
import dev.sluice.job.Job;
import dev.sluice.job.Shape;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableFacts;
import dev.sluice.table.TableInspection;
import dev.sluice.verify.Verification;
import dev.sluice.verify.VerificationChoice;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * A job and what the database says of it: everything a run needs to know before its next step.
 *
 * @param job the definition the run was started with
 * @param database the target
 * @param rows the target as the job's SQL sees it, under its settings
 * @param facts of the migrated table
 * @param into of the table an {@code insert} fills, its key being the conflict columns; present when it is searched for
 *     orphans
 * @param verification how the job is proven
 */
public record ResolvedJob(
        Job job,
        Database database,
        Database rows,
        TableFacts facts,
        Optional<TableFacts> into,
        Verification verification) {

    /**
     * Asks the database.
     *
     * @throws dev.sluice.problem.Problem when the table or its key will not do
     * @throws SQLException when an expression is wrong, or the database does not answer
     */
    public static ResolvedJob of(Databases databases, Job job) throws SQLException {
        Database database = databases.get(job.database());
        return of(database, database.under(job.migrate().settings()), job, List.of());
    }

    /**
     * Asks the database, for a run that may have begun: it keeps the time zone and the search_path it began with, and,
     * where the job names no key, the one it walks.
     *
     * @throws dev.sluice.problem.Problem when the table or its key will not do
     * @throws SQLException when an expression is wrong, or the database does not answer
     */
    public static ResolvedJob of(Databases databases, Job job, UUID run) throws SQLException {
        Database database = databases.get(job.database());
        Map<String, String> settings = job.migrate().settings();
        Optional<SessionDefaults> session = new DesiredState(database).session(run);
        Database rows = session.isPresent() ? database.under(settings, session.get()) : database.under(settings);
        return of(database, rows, job, new Checkpoints(database).key(run));
    }

    private static ResolvedJob of(Database database, Database rows, Job job, List<String> begun) throws SQLException {
        TableFacts facts = TableInspection.inspect(
                rows, job.migrate().table(), job.migrate().key(), begun);
        Map<String, TableFacts.Column> columns = Map.of();
        Optional<TableFacts> into = Optional.empty();
        if (job.migrate().shape() instanceof Shape.Insert insert) {
            columns = TableInspection.columns(rows, insert.target(), "migrate.insert.into");
            if (insert.checkOrphans()) {
                into = Optional.of(TableInspection.inspect(
                        rows, insert.target(), List.copyOf(insert.conflict().columns())));
            }
        }
        return new ResolvedJob(job, database, rows, facts, into, VerificationChoice.of(rows, job, facts, columns));
    }

    /**
     * The same, with the tables as they are now: partitions come and go during a run.
     *
     * @throws dev.sluice.problem.Problem when the table or its key will not do any more
     */
    public ResolvedJob refreshed() {
        return new ResolvedJob(
                job,
                database,
                rows,
                TableInspection.inspect(
                        rows, job.migrate().table(), job.migrate().key(), facts.keyColumns()),
                into.map(filled -> TableInspection.inspect(
                        rows,
                        filled.name(),
                        filled.key().stream().map(TableFacts.KeyColumn::name).toList())),
                verification);
    }

    /** What the migrate pass and the sweeps do. */
    public dev.sluice.batch.RowWork change() {
        return new dev.sluice.batch.RowWork.Change(
                job.migrate().shape(), job.migrate().where());
    }

    /** The condition by which the filled table is searched for rows without a source, where it is. */
    public Optional<String> orphans() {
        return into.flatMap(filled -> VerificationChoice.orphans(job, filled.columns()));
    }

    /** The table that is changed by the batches, for ANALYZE. */
    public TableName changed() {
        return job.migrate().shape().into().orElse(facts.name());
    }
}
