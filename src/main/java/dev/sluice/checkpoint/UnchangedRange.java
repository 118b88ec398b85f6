package dev.sluice.checkpoint;

import static dev.sluice.database.schema.Tables.CHECKPOINT;

import dev.sluice.database.Database;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Where rows that had to change did not. */
public final class UnchangedRange {
    private UnchangedRange() {}

    /**
     * The keys of the first batch, in the order of passes and partitions, that left rows unchanged, such as
     * {@code after (4000) up to (6000)}.
     *
     * @return empty where none did
     */
    public static Optional<String> of(Database database, UUID run) {
        return database.sql()
                .select(CHECKPOINT.UNCHANGED_AFTER, CHECKPOINT.UNCHANGED_UP_TO)
                .from(CHECKPOINT)
                .where(CHECKPOINT.RUN_ID.eq(run), CHECKPOINT.UNCHANGED.gt(0L))
                .orderBy(CHECKPOINT.PASS, CHECKPOINT.PARTITION)
                .limit(1)
                .fetchOptional(
                        r -> "after " + Position.text(list(r.value1())) + " up to " + Position.text(list(r.value2())));
    }

    private static @Nullable List<String> list(String @Nullable [] key) {
        return key == null ? null : Arrays.asList(key);
    }
}
