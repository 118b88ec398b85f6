package dev.sluice.batch;

import dev.sluice.checkpoint.Position;
import dev.sluice.checkpoint.RowsLeft;
import dev.sluice.checkpoint.Tuning;
import java.util.List;

/** How a batch ended. */
public sealed interface Outcome {

    /**
     * Rows and checkpoint are committed.
     *
     * @param position to go on from
     * @param last whether the partition is done
     * @param scanned keys walked; of a range in stripes each stripe counts its even share
     * @param changed rows changed
     * @param hot rows changed in place (heap-only updates), which touched no index; counted for {@code set} alone, and
     *     only where the server has {@code track_counts} on, as autovacuum needs it
     * @param matching rows that still match {@code where}; in a look, violating rows a sweep could fix
     * @param violations rows found violating
     * @param left what it walked and did not do
     * @param wal bytes of WAL that the server wrote while the batch ran: its own, and what others wrote meanwhile
     * @param serverSeconds from when the server had the statement until the checkpoint was moved: the way there and
     *     back is not in it, nor the commit, which does not wait for the disk
     * @param tuning settings now in force
     * @param changedSettings settings that were others at the batch's end than at its beginning, for people, such as
     *     {@code lock_timeout = 0 (500ms at its beginning)}; a job's SQL or a trigger has set them
     */
    record Committed(
            Position position,
            boolean last,
            long scanned,
            long changed,
            long hot,
            long matching,
            long violations,
            RowsLeft left,
            long wal,
            double serverSeconds,
            Tuning tuning,
            List<String> changedSettings)
            implements Outcome {
        /** The same, with what its SQL has set. */
        Committed with(List<String> changedSettings) {
            return new Committed(
                    position,
                    last,
                    scanned,
                    changed,
                    hot,
                    matching,
                    violations,
                    left,
                    wal,
                    serverSeconds,
                    tuning,
                    changedSettings);
        }
    }

    /**
     * The checkpoint was not as the batch named it: fenced, paused or moved on. Nothing was changed; read the truth.
     */
    record Refused() implements Outcome {}
}
