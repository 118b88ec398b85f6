package dev.sluice.execution;

import dev.sluice.checkpoint.Counts;
import dev.sluice.job.Job;
import dev.sluice.job.Shape;
import dev.sluice.run.Evidence;
import dev.sluice.run.Repeatable;
import dev.sluice.run.RunStatus;
import dev.sluice.verify.Verification;
import dev.sluice.verify.Verification.Kind;
import java.util.Optional;

/** What the counts of a run mean. */
final class VerificationResult {
    private static final String ORPHANED =
            "%d rows of the filled table have no source row. Likely cause: source rows were"
                    + " deleted meanwhile, or the table was not empty. Delete them, or set insert.orphans: allow, then run the job"
                    + " again. ";

    private VerificationResult() {}

    /**
     * The verification that can be held against the run. Where changed rows still match {@code where}, 'no row matches'
     * can never hold, and the job is not repeatable: what remains is that each range was committed once.
     */
    static Verification verification(Verification chosen, Counts changes) {
        if (chosen.kind() == Kind.COMPLETENESS && !chosen.idempotent() && changes.matching() > 0) {
            return new Verification(
                    Kind.RANGES,
                    null,
                    false,
                    chosen.readsOtherTables(),
                    changes.matching() + " rows still matched where after their change");
        }
        return chosen;
    }

    /**
     * Whether the rows may be walked and changed once more. A statement of the job's own only where it says so: nobody
     * knows whether it leaves changed rows alone.
     */
    static boolean mayRepeat(Job job, Verification by, Counts changes) {
        return Repeatable.sweepable(job) && (by.idempotent() || changes.matching() == 0);
    }

    /**
     * Whether rows that a trigger has skipped make the run incomplete: every row had to change, and nothing that was
     * looked at shows that these are as they should be all the same.
     */
    static boolean countsUnchanged(Job job, Verification by, Counts changes) {
        return changes.left().unchanged() > 0
                && by.kind() != Kind.EQUALITY
                && (job.migrate().where().isEmpty() || by.kind() != Kind.COMPLETENESS);
    }

    /**
     * Whether the run turned out not to be repeatable, although the job has a {@code where}: changed rows still match
     * it. Before the run nobody could know, so it was let through where a job without {@code where} is refused.
     */
    static boolean isUnproven(Job job, Verification by) {
        return by.kind() == Kind.RANGES && job.migrate().where().isPresent();
    }

    /** Such a run on a table whose rows may move while they are walked. */
    static RunStatus.Failure rowsMayMove(Counts changes) {
        return new RunStatus.Failure(
                "rows-may-move",
                changes.matching()
                        + " rows still matched `where` after their change, so the job is not repeatable, and keys"
                        + " may change during the run (`sluice plan` says why): a row could have been missed or changed twice,"
                        + " and nothing would show it. Say in switch.verify what must hold of every row, or, if the"
                        + " application never changes the key, key-changes: never; another run would change the same rows"
                        + " again.",
                null,
                null,
                null,
                null);
    }

    /** @param range the keys of the first batch that left some; for operators */
    static RunStatus.Failure unchanged(Verification by, Counts changes, String range) {
        return new RunStatus.Failure(
                "rows-unchanged",
                changes.left().unchanged() + " of " + changes.scanned()
                        + " rows that were walked did not change, though every"
                        + " one has to, and are still there. Likely cause: a BEFORE trigger returns NULL for them. "
                        + (by.condition() == null
                                ? "Change the trigger, then change those rows by hand or by a job of another name whose `where`"
                                        + " names them; rows that may stay as they are have to be left out by `where`."
                                : "Change the trigger and fix those rows by hand, then look again: `sluice resume` with this"
                                        + " run's id. Another run would change every row once more."),
                null,
                by.condition(),
                null,
                range);
    }

    /** After a later look at rows that had been proven. */
    static RunStatus.Failure stale(Counts seen, Counts orphans, Evidence before) {
        StringBuilder text = new StringBuilder();
        if (seen.violations() > 0) {
            text.append(seen.violations() + " of " + seen.scanned() + " rows no longer hold what was verified as of "
                    + before.verifiedAsOf() + ". Likely cause: old code still writes these rows. Deploy the dual write,"
                    + " then run the job again. ");
        }
        if (orphans.violations() > 0) {
            text.append(ORPHANED.formatted(orphans.violations()));
        }
        return new RunStatus.Failure("stale-rows", text.toString().strip(), null, before.condition(), null, null);
    }

    static RunStatus.Failure incomplete(
            Job job,
            Verification by,
            Counts changes,
            Counts seen,
            Counts orphans,
            int sweeps,
            Optional<String> unchangedRange) {
        StringBuilder text = new StringBuilder();
        if (seen.violations() > 0) {
            text.append(seen.violations())
                    .append(" of ")
                    .append(seen.scanned())
                    .append(" rows violate the verification (")
                    .append(by.kind().code())
                    .append("), after ")
                    .append(sweeps)
                    .append(" sweep(s). ");
            text.append(cause(job, by, changes, seen, skipped(changes, unchangedRange)));
        }
        if (orphans.violations() > 0) {
            text.append(ORPHANED.formatted(orphans.violations()));
        }
        return new RunStatus.Failure(
                orphans.violations() > 0 && seen.violations() == 0 ? "orphaned-rows" : "unverified-rows",
                text.toString().strip(),
                null,
                by.condition(),
                null,
                unchangedRange.orElse(null));
    }

    /** What a batch says of rows that it could not change, where it has met any. */
    private static String skipped(Counts changes, Optional<String> range) {
        return "a BEFORE trigger returns NULL for them"
                + range.map(r -> " (" + changes.left().unchanged() + " rows were walked and did not change)")
                        .orElse("");
    }

    private static String cause(Job job, Verification by, Counts changes, Counts seen, String skipped) {
        if (seen.matching() > 0
                && job.migrate().shape() instanceof Shape.Sql
                && !job.migrate().again()) {
            return "They came late, because old code still writes them, or the statement leaves rows that match where; it"
                    + " cannot be told which, so the statement is not repeated by itself. Where it may safely run twice, say"
                    + " `again: true`, then run the job again. ";
        }
        if (changes.matching() > 0 && !by.idempotent()) {
            return changes.matching()
                    + " rows still matched `where` after their change, by the job's own doing: its expressions"
                    + " give what `where` looks for. Fix the expression or `where` under a new job name, or say in"
                    + " switch.verify what must hold; another run would change the same rows again. ";
        }
        if (!Repeatable.byDefinition(job)) {
            return (changes.left().unchanged() > 0 ? "Likely cause: " + skipped + ". " : "")
                    + "Fix them by hand, then look again: `sluice resume` with this run's id. Another run would change every row"
                    + " once more. ";
        }
        if (seen.matching() > 0) {
            return "Likely cause: old code still writes rows that need the migration (deploy the dual write), or "
                    + skipped + " (change the trigger). Then run the job again. ";
        }
        return switch (by.kind()) {
            case EQUALITY ->
                "They do not match `where`, so the migration leaves them alone. Likely cause: old code has made"
                        + " them stale (deploy the dual write and fix them), or they rightly hold other values (then say so in"
                        + " switch.verify). ";
            case GIVEN -> "Another run would leave them alone. Look at switch.verify and at what the migration wrote. ";
            case COMPLETENESS, RANGES ->
                "Likely cause: old code still writes these rows (deploy the dual write), or " + skipped
                        + " (change the trigger). Then run the job again. ";
        };
    }
}
