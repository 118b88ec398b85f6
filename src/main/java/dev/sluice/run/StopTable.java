package dev.sluice.run;

import static dev.sluice.database.schema.Tables.STOP_ALL;

import dev.sluice.checkpoint.StopNote;
import dev.sluice.database.Database;
import dev.sluice.database.schema.tables.records.StopAllRecord;
import java.util.Optional;
import org.jooq.DSLContext;

/**
 * The control database's note that all runs are stopped: the truth, also for workers that cannot reach a target. There
 * is one at most. Database errors come as jOOQ's DataAccessException.
 */
public final class StopTable {
    private static final int ONLY = 1;

    private final DSLContext sql;

    public StopTable(Database control) {
        this.sql = control.sql();
    }

    /** The note, where all runs are stopped. */
    public Optional<StopNote> read() {
        return sql.selectFrom(STOP_ALL).fetchOptional(StopTable::note);
    }

    /** Writes the note; false where there is one. It cannot go before the transaction ends. */
    static boolean write(DSLContext tx, String actor, Optional<String> reason) {
        return tx.insertInto(STOP_ALL)
                        .set(STOP_ALL.ID, ONLY)
                        .set(STOP_ALL.ACTOR, actor)
                        .set(STOP_ALL.AT, RunTable.CLOCK)
                        .set(STOP_ALL.REASON, reason.orElse(null))
                        .onConflictDoNothing()
                        .execute()
                == 1;
    }

    /** Reads the note, which stays until the transaction ends. */
    static Optional<StopNote> keep(DSLContext tx) {
        return tx.selectFrom(STOP_ALL).forShare().fetchOptional(StopTable::note);
    }

    /** Reads the note and waits for everybody who keeps it. */
    static Optional<StopNote> lock(DSLContext tx) {
        return tx.selectFrom(STOP_ALL).forUpdate().fetchOptional(StopTable::note);
    }

    static void remove(DSLContext tx) {
        tx.deleteFrom(STOP_ALL).execute();
    }

    private static StopNote note(StopAllRecord r) {
        return new StopNote(r.getActor(), r.getAt().toInstant(), r.getReason());
    }
}
