package dev.sluice.run;

import dev.sluice.database.schema.tables.records.RunRecord;
import java.util.Collection;
import java.util.List;
import java.util.Map;
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
 */
public record GateInput(
        UUID run,
        RunState state,
        String fingerprint,
        String database,
        @Nullable Evidence evidence,
        RunStatus.@Nullable Failure failure) {
    /** A renewal rests this many times as long as it works. */
    public static final int RENEWAL_REST = 4;

    static GateInput of(RunRecord row) {
        return new GateInput(
                row.getId(),
                RunState.of(row.getState()),
                row.getFingerprint(),
                row.getDatabase(),
                JsonColumn.read(row.getEvidence(), Evidence.class),
                JsonColumn.read(row.getFailure(), RunStatus.Failure.class));
    }

    /** Whether there is anything to look at again. */
    public boolean canBeRenewed() {
        return evidence != null && evidence.condition() != null;
    }

    /** Where gates get it. */
    public interface Source {
        /**
         * The proofs of these jobs' newest runs, read at once; a job that never ran is not there.
         *
         * @throws dev.sluice.problem.Problem UNAVAILABLE
         */
        Map<String, GateInput> newest(Collection<String> jobs);

        /**
         * The proof of the job's newest run; empty when it never ran.
         *
         * @throws dev.sluice.problem.Problem UNAVAILABLE
         */
        default Optional<GateInput> newest(String job) {
            return Optional.ofNullable(newest(List.of(job)).get(job));
        }
    }
}
