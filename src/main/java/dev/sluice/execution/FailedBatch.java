package dev.sluice.execution;

import dev.sluice.batch.BatchRequest;
import dev.sluice.batch.Batches;
import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.Position;
import dev.sluice.database.Database;
import dev.sluice.job.Job;
import dev.sluice.partition.NextKey;
import dev.sluice.run.ResolvedJob;
import dev.sluice.table.TableFacts;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a person needs to know of a batch that failed.
 *
 * @param job whose; null where it does not matter
 * @param statement as the server saw it; null where it does not matter
 * @param keyRange the keys it would have changed; null where they are not known
 * @param row the key of the one row that fails: each column's name and text; null where none fails alone
 */
record FailedBatch(
        @Nullable Job job,
        @Nullable String statement,
        @Nullable String keyRange,
        @Nullable Map<String, String> row) {
    private static final Logger LOG = LoggerFactory.getLogger(FailedBatch.class);
    /** Of a failure that is not one of rows. */
    static final FailedBatch UNKNOWN = new FailedBatch(null, null, null, null);

    /** A batch as it was asked for. One of a single key has the row that fails. */
    static FailedBatch of(ResolvedJob resolved, Batches batches, Claim claim, TableFacts facts, BatchRequest request) {
        Database database = resolved.rows();
        Job job = resolved.job();
        Position position = claim.position();
        String statement = sent(database, batches, claim, request);
        List<String> end = position.rangeEnd();
        if (end != null) {
            return new FailedBatch(job, statement, range(position.cursor(), end) + stripe(position), null);
        }
        try {
            Optional<List<String>> last =
                    NextKey.of(database, facts, claim.relation(), position.cursor(), request.keys());
            boolean one = request.keys() == 1 && last.isPresent();
            return new FailedBatch(
                    job,
                    statement,
                    range(
                            position.cursor(),
                            last.or(() -> Optional.ofNullable(claim.upper())).orElse(null)),
                    one ? row(facts, last.get()) : null);
        } catch (SQLException e) {
            LOG.debug("the failed batch's last key is not known", e);
            String from = "after " + Position.text(position.cursor());
            return new FailedBatch(job, statement, from + ", the next " + request.keys() + " keys", null);
        }
    }

    /** One row of a stripe that failed. */
    static FailedBatch of(
            ResolvedJob resolved,
            Batches batches,
            Claim claim,
            TableFacts facts,
            @Nullable List<String> before,
            List<String> key) {
        return new FailedBatch(
                resolved.job(),
                sent(resolved.rows(), batches, claim, BatchRequest.of(1)),
                range(before, key) + stripe(claim.position()),
                row(facts, key));
    }

    private static Map<String, String> row(TableFacts facts, List<String> key) {
        Map<String, String> row = new LinkedHashMap<>();
        for (int i = 0; i < key.size(); i++) {
            row.put(facts.key().get(i).name(), key.get(i));
        }
        return row;
    }

    private static String range(@Nullable List<String> after, @Nullable List<String> upTo) {
        return "after " + Position.text(after) + " up to " + Position.text(upTo);
    }

    private static String stripe(Position position) {
        return ", stripe " + (position.stripe() + 1) + " of " + position.stripes();
    }

    /**
     * The statement as the server saw it, so that the position it names can be found; the driver numbers the
     * parameters.
     */
    private static String sent(Database database, Batches batches, Claim claim, BatchRequest request) {
        String jdbc = batches.statement(claim, request).sql();
        try (Connection connection = database.connect()) {
            return connection.nativeSQL(jdbc);
        } catch (SQLException e) {
            LOG.debug("the failed statement is told as it was given to the driver", e);
            return jdbc;
        }
    }
}
