package dev.sluice.checkpoint;

import static dev.sluice.database.schema.Tables.CHECKPOINT;
import static dev.sluice.database.schema.Tables.LANE_OWNER;
import static dev.sluice.database.schema.Tables.PASS;
import static dev.sluice.database.schema.Tables.RUN_WANTED;

import dev.sluice.database.Database;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.impl.DSL;

/** What the target holds of runs that are over. Database errors come as jOOQ's DataAccessException. */
public final class OldRuns {
    private final DSLContext sql;

    /** @param target the database of the runs' rows */
    public OldRuns(Database target) {
        this.sql = target.sql();
    }

    /** Whether the run has changed rows. */
    public boolean hasChanged(UUID run) {
        return sql.fetchExists(CHECKPOINT, CHECKPOINT.RUN_ID.eq(run), CHECKPOINT.CHANGED.gt(0L), changing());
    }

    /** Whether another run of this definition has changed rows, and says so still. */
    public boolean hasAnotherChanged(UUID run, String job, String fingerprint) {
        return sql.fetchExists(DSL.selectOne()
                .from(RUN_WANTED)
                .join(CHECKPOINT)
                .on(CHECKPOINT.RUN_ID.eq(RUN_WANTED.RUN_ID))
                .where(RUN_WANTED.JOB.eq(job), RUN_WANTED.FINGERPRINT.eq(fingerprint), RUN_WANTED.RUN_ID.ne(run))
                .and(CHECKPOINT.CHANGED.gt(0L))
                .and(changing()));
    }

    private static org.jooq.Condition changing() {
        return DSL.exists(DSL.selectOne()
                .from(PASS)
                .where(PASS.RUN_ID.eq(CHECKPOINT.RUN_ID), PASS.PASS_.eq(CHECKPOINT.PASS))
                .and(PASS.KIND.in(Pass.Kind.MIGRATE.code(), Pass.Kind.SWEEP.code())));
    }

    /** Removes everything of a run, in one transaction. Nothing happens where nothing is there any more. */
    public void remove(UUID run) {
        sql.transaction(tx -> {
            DSLContext c = tx.dsl();
            c.deleteFrom(CHECKPOINT).where(CHECKPOINT.RUN_ID.eq(run)).execute();
            c.deleteFrom(LANE_OWNER).where(LANE_OWNER.RUN_ID.eq(run)).execute();
            c.deleteFrom(PASS).where(PASS.RUN_ID.eq(run)).execute();
            c.deleteFrom(RUN_WANTED).where(RUN_WANTED.RUN_ID.eq(run)).execute();
        });
    }
}
