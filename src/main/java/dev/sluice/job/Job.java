package dev.sluice.job;

import dev.sluice.sql.TableName;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One change, as its file defines it.
 *
 * @param name unique, {@code [a-z0-9-]}, at most 63 characters
 * @param description for people
 * @param owner for people
 * @param database a name from the configuration; {@code main} when the file says nothing
 * @param migrate the backfill
 * @param verify {@code switch.verify}: SQL condition over the migrated table; a row violates where it IS NOT TRUE
 * @param fingerprint SHA-256 (64 hex digits) over database, table, shape, expressions, where, key, verify and settings
 * @param definition the file's content as canonical JSON; a run keeps it, and {@link JobReader#fromDefinition} reads it
 */
public record Job(
        String name,
        Optional<String> description,
        Optional<String> owner,
        String database,
        Migrate migrate,
        Optional<String> verify,
        String fingerprint,
        String definition) {
    /** The largest {@code throttle.rows-per-second}, in job files and where a run is tuned. */
    public static final int FASTEST = 1_000_000_000;

    /**
     * The migrate phase.
     *
     * @param table as the file names it, {@code schema.table} or {@code table} (schema {@code public}); quoted
     *     identifiers allowed
     * @param shape what is done to the rows
     * @param where rows still to be done, a SQL condition; with {@link Shape.Sql} it is used for verification only
     * @param key column names; empty means the primary key, or else the only suitable unique index
     * @param partitions key ranges worked on side by side, 1 to 64
     * @param batch how batches adapt
     * @param throttle what slows it down
     * @param schedule when it starts by itself
     * @param again whether a job that is not repeatable may be run a second time
     * @param keysStay the author's promise that nobody changes a row's key, and with it its partition, during a run
     * @param settings of the server, by name, that hold for the job's SQL and the triggers that it fires
     */
    public record Migrate(
            TableName table,
            Shape shape,
            Optional<String> where,
            List<String> key,
            int partitions,
            BatchSettings batch,
            ThrottleSettings throttle,
            Optional<Schedule> schedule,
            boolean again,
            boolean keysStay,
            Map<String, String> settings) {
        public Migrate {
            key = List.copyOf(key);
            settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
        }

        /** Without settings. */
        public Migrate(
                TableName table,
                Shape shape,
                Optional<String> where,
                List<String> key,
                int partitions,
                BatchSettings batch,
                ThrottleSettings throttle,
                Optional<Schedule> schedule,
                boolean again,
                boolean keysStay) {
            this(table, shape, where, key, partitions, batch, throttle, schedule, again, keysStay, Map.of());
        }
    }
}
