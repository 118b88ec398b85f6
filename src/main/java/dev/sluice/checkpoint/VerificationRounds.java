package dev.sluice.checkpoint;

import static dev.sluice.database.schema.Tables.CHECKPOINT;
import static dev.sluice.database.schema.Tables.PASS;
import static org.jooq.impl.DSL.coalesce;
import static org.jooq.impl.DSL.inline;

import dev.sluice.database.Database;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.impl.DSL;

/**
 * The looks of a run at its rows. A look is one pass or several: it goes on with another one where partitions came
 * meanwhile. Database errors come as jOOQ's DataAccessException.
 */
public final class VerificationRounds {
    private final DSLContext sql;

    public VerificationRounds(Database database) {
        this.sql = database.sql();
    }

    /**
     * The last pass of the look that has not ended with a sweep, by which its first pass is known.
     *
     * @param condition of the verification; a look for another one does not count
     */
    public Optional<Pass> last(UUID run, String condition) {
        return sql.selectFrom(PASS)
                .where(PASS.RUN_ID.eq(run), PASS.KIND.ne(inline("migrate")))
                .orderBy(PASS.PASS_.desc())
                .limit(1)
                .fetchOptional(Checkpoints::pass)
                .filter(last -> !last.kind().changes())
                .filter(last -> first(last)
                        .filter(first -> first.kind() == Pass.Kind.VERIFY && condition.equals(first.condition()))
                        .isPresent());
    }

    /**
     * Sums over the passes of a look.
     *
     * @param kind {@code VERIFY} or {@code ORPHANS}
     * @param leaves those that count, by their oid: what was seen in one that has gone since says nothing any more
     */
    public Counts seen(UUID run, int round, Pass.Kind kind, Set<Long> leaves) {
        return Checkpoints.counts(
                sql,
                CHECKPOINT
                        .RUN_ID
                        .eq(run)
                        .and(CHECKPOINT.PASS.in(DSL.select(PASS.PASS_)
                                .from(PASS)
                                .where(
                                        PASS.RUN_ID.eq(run),
                                        PASS.KIND.eq(kind.code()),
                                        coalesce(PASS.ROUND, PASS.PASS_).eq(round))))
                        .and(CHECKPOINT.RELATION_OID.eq(DSL.any(leaves.toArray(Long[]::new)))));
    }

    private Optional<Pass> first(Pass of) {
        return sql.selectFrom(PASS)
                .where(PASS.RUN_ID.eq(of.run()), PASS.PASS_.eq(of.round()))
                .fetchOptional(Checkpoints::pass);
    }

    /** Removes verifications that a later look has replaced, so that renewing evidence does not fill the tables. */
    public void forgetVerificationsBefore(UUID run, int pass) {
        sql.transaction(tx -> {
            var looks = PASS.KIND.in(Pass.Kind.VERIFY.code(), Pass.Kind.ORPHANS.code());
            var old = DSL.select(PASS.PASS_).from(PASS).where(PASS.RUN_ID.eq(run), PASS.PASS_.lt(pass), looks);
            tx.dsl()
                    .deleteFrom(CHECKPOINT)
                    .where(CHECKPOINT.RUN_ID.eq(run), CHECKPOINT.PASS.in(old))
                    .execute();
            tx.dsl()
                    .deleteFrom(PASS)
                    .where(PASS.RUN_ID.eq(run), PASS.PASS_.lt(pass), looks)
                    .execute();
        });
    }
}
