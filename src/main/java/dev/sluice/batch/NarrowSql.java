package dev.sluice.batch;

import dev.sluice.batch.BatchStatement.Parameter.Named;
import java.util.List;

/** Makes the range of a checkpoint, as the claim names it, a part of itself; for a transaction that is rolled back. */
final class NarrowSql {
    /** Followed by two parameters of its own: the key before the part, and its last one. */
    static final BatchStatement STATEMENT = new BatchStatement(
            """
            WITH sluice_claim AS MATERIALIZED (
              SELECT run_id, pass, partition FROM sluice.checkpoint
               WHERE run_id = ? AND pass = ? AND partition = ? AND token = ?
                 AND cursor_key IS NOT DISTINCT FROM CAST(? AS text[])
                 AND range_end IS NOT DISTINCT FROM CAST(? AS text[])
                 AND stripes = ? AND stripe = ? AND wanted = 'running' AND NOT done AND NOT database_stopped
                 FOR UPDATE)
            UPDATE sluice.checkpoint AS c SET cursor_key = CAST(? AS text[]), range_end = CAST(? AS text[])
              FROM sluice_claim AS l
             WHERE c.run_id = l.run_id AND c.pass = l.pass AND c.partition = l.partition""",
            List.of(
                    Named.RUN,
                    Named.PASS,
                    Named.PARTITION,
                    Named.TOKEN,
                    Named.CURSOR,
                    Named.RANGE_END,
                    Named.STRIPES,
                    Named.STRIPE));

    private NarrowSql() {}
}
