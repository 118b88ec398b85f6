package dev.sluice.run;

import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.job.JobReader;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a job's newest run leaves for a gate to judge.
 *
 * @param run its id
 * @param state where it stands
 * @param fingerprint of the definition it ran
 * @param database configured name of the target
 * @param evidence what it proved; null unless it succeeded
 * @param failure why it ended otherwise
 * @param age since the rows were last verified, by the database's clock; null where they cannot be verified again
 * @param renewal how long the next verification may take on a single lane, going by the last one; null likewise
 */
public record Proof(
        UUID run,
        RunState state,
        String fingerprint,
        String database,
        @Nullable Evidence evidence,
        RunStatus.@Nullable Failure failure,
        @Nullable Duration age,
        @Nullable Duration renewal) {
    /** A renewal rests this many times as long as it works. */
    public static final int RENEWAL_REST = 4;
    /**
     * So many times as long takes a lane to which the budget of cores leaves the least there is, a quarter of a percent
     * of its time.
     */
    private static final int SLOWEST = 400;

    static Proof of(RunRecord row) {
        return of(row, null);
    }

    static Proof of(RunRecord row, @Nullable Duration age) {
        Evidence evidence = Json.read(row.getEvidence(), Evidence.class);
        boolean renewable = age != null && evidence != null && evidence.condition() != null;
        return new Proof(
                row.getId(),
                RunState.of(row.getState()),
                row.getFingerprint(),
                row.getDatabase(),
                evidence,
                Json.read(row.getFailure(), RunStatus.Failure.class),
                renewable ? age : null,
                renewable ? renewal(row, evidence) : null);
    }

    private static @Nullable Duration renewal(RunRecord row, @Nullable Evidence evidence) {
        if (evidence == null || row.getVerifiedAt() == null) {
            return null;
        }
        Duration last =
                Duration.between(evidence.verifiedAsOf(), row.getVerifiedAt().toInstant());
        // ANALYZE comes after the first verification, which may have gone at full pace where nobody else was there
        boolean gentle = evidence.verifiedAsOf().isAfter(evidence.analyzedAt());
        Duration length = last.isNegative() ? Duration.ZERO : last;
        return length.multipliedBy(gentle ? SLOWEST / (1 + RENEWAL_REST) : SLOWEST * lanes(row));
    }

    /** That the first verification may have had; a renewal has one. */
    private static int lanes(RunRecord row) {
        return JobReader.canRead(row.getDefinition())
                ? JobReader.fromDefinition(row.getDefinition()).migrate().partitions()
                : 1;
    }

    /** Whether there is anything to look at again. */
    boolean canBeRenewed() {
        return evidence != null && evidence.condition() != null;
    }

    /** Where gates get it. */
    public interface Source {
        /**
         * The proof of the job's newest run; empty when it never ran.
         *
         * @throws dev.sluice.problem.Problem UNAVAILABLE
         */
        Optional<Proof> newest(String job);
    }
}
