package dev.sluice.execution;

import dev.sluice.batch.Ask;
import dev.sluice.batch.Batches;
import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.Position;
import dev.sluice.database.Database;
import dev.sluice.database.ErrorKind;
import dev.sluice.database.SqlFailure;
import dev.sluice.job.Job;
import dev.sluice.partition.NextKey;
import dev.sluice.run.Preparation;
import dev.sluice.table.TableFacts;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a person needs to know of a batch that failed.
 *
 * @param job whose
 * @param statement as the server saw it
 * @param keyRange the keys it would have changed
 */
record FailedBatch(Job job, String statement, String keyRange) {
    private static final Logger LOG = LoggerFactory.getLogger(FailedBatch.class);

    /** Null where the batch is tried again. */
    static @Nullable FailedBatch of(
            SqlFailure failure, Preparation prepared, Batches batches, TableFacts facts, Claim claim, Ask ask) {
        return failure.kind() == ErrorKind.DATA || failure.kind() == ErrorKind.DEFINITION
                ? new FailedBatch(
                        prepared.job(),
                        sent(prepared.rows(), batches, claim, ask),
                        keyRange(prepared.rows(), claim, facts, ask.keys()))
                : null;
    }

    /**
     * The statement as the server saw it, so that the position it names can be found; the driver numbers the
     * parameters.
     */
    private static String sent(Database database, Batches batches, Claim claim, Ask ask) {
        String jdbc = batches.statement(claim, ask).sql();
        try (Connection connection = database.connect()) {
            return connection.nativeSQL(jdbc);
        } catch (SQLException e) {
            LOG.debug("the failed statement is told as it was given to the driver", e);
            return jdbc;
        }
    }

    /** The keys the failed batch would have changed; best effort, since the database may be in trouble. */
    private static String keyRange(Database database, Claim claim, TableFacts facts, int keys) {
        Position position = claim.position();
        String from = "after " + Position.text(position.cursor());
        if (position.rangeEnd() != null) {
            return from + " up to " + Position.text(position.rangeEnd()) + ", stripe " + (position.stripe() + 1)
                    + " of " + position.stripes();
        }
        try {
            return from + " up to "
                    + Position.text(NextKey.of(database, facts, claim.relation(), position.cursor(), keys)
                            .or(() -> Optional.ofNullable(claim.upper()))
                            .orElse(null));
        } catch (SQLException e) {
            LOG.debug("the failed batch's last key is not known", e);
            return from + ", the next " + keys + " keys";
        }
    }
}
