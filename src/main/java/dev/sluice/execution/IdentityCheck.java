package dev.sluice.execution;

import dev.sluice.database.Database;
import dev.sluice.database.Identity;
import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.run.RunStatus;
import dev.sluice.run.RunTable;
import java.util.UUID;

/**
 * Whether the database that answers is the one a run began on; a restored copy has checkpoints too, and is another one.
 */
final class IdentityCheck {
    /** The failure's code. */
    static final String DIFFERS = "identity-differs";

    private final RunTable table;
    private final UUID run;
    private final Database database;

    /** Of the database of a run that is carried. */
    IdentityCheck(RunTable table, UUID run, Database database) {
        this.table = table;
        this.run = run;
        this.database = database;
    }

    /**
     * Looks again, after a connection was lost: what answers now may have the same checkpoints, and be a copy.
     *
     * @throws RunFailed {@value #DIFFERS}
     */
    void again(RetryLoop retryLoop) throws Stop, RunFailed, InterruptedException {
        while (retryLoop.lostConnection()) {
            Identity now = retryLoop.insist("identity", database::identity);
            of(retryLoop.insist("state", () -> table.get(run)), now);
        }
    }

    /** @throws RunFailed {@value #DIFFERS} */
    static void of(RunRecord row, Identity now) throws RunFailed {
        String system = row.getSystemIdentifier();
        String name = row.getDatabaseName();
        if (system != null
                && name != null
                && !(system.equals(now.systemIdentifier()) && name.equals(now.databaseName()))) {
            throw new RunFailed(new RunStatus.Failure(
                    DIFFERS,
                    "This is not the database the run began on: it began on " + name + " of cluster " + system
                            + ", this is " + now.databaseName() + " of cluster " + now.systemIdentifier()
                            + ". Nothing was changed here. Point the configuration at the first one and start the job again,"
                            + " or start a job with another name on this one.",
                    null,
                    null,
                    null,
                    null));
        }
    }
}
