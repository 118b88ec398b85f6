package dev.sluice.checkpoint;

import dev.sluice.partition.KeyRange;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A partition in one worker's hands: as long as the token is on the checkpoint, no other worker changes its rows.
 *
 * @param id which
 * @param relation SQL name of the table or leaf it walks
 * @param key the columns the positions are made of, with their types
 * @param token the fence, random; a fresh one with every claim
 * @param position where it stands
 * @param upper last key of the partition; null for an empty one
 * @param tuning settings in force
 */
public record Claim(
        PartitionId id,
        String relation,
        List<String> key,
        UUID token,
        Position position,
        @Nullable List<String> upper,
        Tuning tuning) {

    /** What is left to walk, without the range that is being walked in stripes: that one stays whole. */
    public KeyRange left() {
        return new KeyRange(
                relation, key, position.rangeEnd() == null ? position.cursor() : position.rangeEnd(), upper);
    }

    /** The same claim, moved on. */
    public Claim at(Position next) {
        return new Claim(id, relation, key, token, next, upper, tuning);
    }

    /** The same claim with other settings. */
    public Claim with(Tuning next) {
        return new Claim(id, relation, key, token, position, upper, next);
    }
}
