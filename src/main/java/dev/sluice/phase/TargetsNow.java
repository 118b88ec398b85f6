package dev.sluice.phase;

import dev.sluice.database.Database;
import dev.sluice.database.Databases;
import dev.sluice.database.Identity;
import dev.sluice.problem.Problem;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** What the targets say of themselves while some gates are looked at: each is asked once, whatever comes of it. */
final class TargetsNow {
    private final Databases databases;
    private final Map<String, Now> answers = new HashMap<>();
    private final Map<String, Problem> refusals = new HashMap<>();

    TargetsNow(Databases databases) {
        this.databases = databases;
    }

    /**
     * A target that has answered.
     *
     * @param identity which database it is
     * @param clock what its clock says, which is that of the evidence
     */
    record Now(Identity identity, Instant clock) {}

    /** @throws Problem UNAVAILABLE where it does not answer; NOT_FOUND where there is none of this name */
    Now now(String database) {
        Problem refused = refusals.get(database);
        if (refused != null) {
            throw refused;
        }
        try {
            return answers.computeIfAbsent(database, name -> {
                Database target = databases.get(name);
                return new Now(target.identity(), target.clock());
            });
        } catch (Problem e) {
            refusals.put(database, e);
            throw e;
        }
    }
}
