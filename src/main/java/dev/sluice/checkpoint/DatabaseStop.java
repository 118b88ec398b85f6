package dev.sluice.checkpoint;

import static dev.sluice.database.schema.Tables.CHECKPOINT;
import static dev.sluice.database.schema.Tables.DATABASE_STOP;

import dev.sluice.database.Database;
import java.time.ZoneOffset;
import java.util.Optional;
import org.jooq.DSLContext;
import org.jooq.Record3;

/**
 * Whether everything is stopped on one database. Database errors come as jOOQ's DataAccessException.
 *
 * <p>Every batch looks at two places. A row of {@code sluice.database_stop} keeps out those that begin after it was
 * committed. A batch that began before, and waits for its checkpoint's lock, looks only at that row again when it gets
 * it: so each open checkpoint is marked too. A checkpoint that is made meanwhile takes the mark from
 * {@code sluice.database_stop}, whose row it locks until it is committed, so that no mark outlives the halt.
 */
public final class DatabaseStop {
    private static final int ONLY = 1;

    private final DSLContext sql;

    public DatabaseStop(Database database) {
        this.sql = database.sql();
    }

    /** The note, where everything is stopped here. */
    public Optional<StopNote> read() {
        return sql.select(DATABASE_STOP.ACTOR, DATABASE_STOP.AT, DATABASE_STOP.REASON)
                .from(DATABASE_STOP)
                .fetchOptional(DatabaseStop::note);
    }

    /**
     * Stops everything here; waits for the batches in flight, and nothing commits after it has returned. A repeated
     * call marks what a first one could not.
     */
    public void raise(StopNote note) {
        sql.insertInto(DATABASE_STOP)
                .set(DATABASE_STOP.ID, ONLY)
                .set(DATABASE_STOP.ACTOR, note.by())
                .set(DATABASE_STOP.AT, note.since().atOffset(ZoneOffset.UTC))
                .set(DATABASE_STOP.REASON, note.reason())
                .onConflictDoNothing()
                .execute();
        var open = sql.select(CHECKPOINT.RUN_ID, CHECKPOINT.PASS, CHECKPOINT.PARTITION)
                .from(CHECKPOINT)
                .where(CHECKPOINT.DONE.isFalse(), CHECKPOINT.DATABASE_STOPPED.isFalse())
                .fetch(r -> new PartitionId(r.value1(), r.value2(), r.value3()));
        // one by one: whoever waits here holds no other lock, so that nobody waits in a circle
        for (PartitionId id : open) {
            sql.transaction(tx -> DesiredState.patient(tx.dsl())
                    .update(CHECKPOINT)
                    .set(CHECKPOINT.DATABASE_STOPPED, true)
                    .where(Checkpoints.is(id))
                    .execute());
        }
    }

    /** Lets everything go on here; changes nothing where it does. */
    public void lift() {
        sql.transaction(tx -> {
            DSLContext c = DesiredState.patient(tx.dsl());
            // first: whoever makes a checkpoint with the mark has locked this row until it is there
            c.deleteFrom(DATABASE_STOP).execute();
            c.update(CHECKPOINT)
                    .set(CHECKPOINT.DATABASE_STOPPED, false)
                    .where(CHECKPOINT.DATABASE_STOPPED)
                    .execute();
        });
    }

    /** Whether a checkpoint that is made in this transaction is marked. Before any checkpoint is locked. */
    static boolean marks(DSLContext tx) {
        return tx.select(DATABASE_STOP.ID).from(DATABASE_STOP).forShare().fetchOne() != null;
    }

    private static StopNote note(Record3<String, java.time.OffsetDateTime, String> r) {
        return new StopNote(r.value1(), r.value2().toInstant(), r.value3());
    }
}
