package dev.sluice.plan;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code plan} tells.
 *
 * @param job the job's name
 * @param database its configured name
 * @param table {@code schema.table}
 * @param shape {@code set}, {@code insert}, {@code delete} or {@code sql}
 * @param key the key columns with their types, {@code id bigint}
 * @param keyIndex the index the batches walk
 * @param fingerprint of the definition
 * @param runnable false if any finding refuses
 * @param repeatable whether running it twice changes nothing the second time, as far as can be known beforehand; null
 *     where it was refused before that was known
 * @param verify how the run will be verified: {@code given}, {@code equality}, {@code completeness}, {@code ranges};
 *     {@code unknown} when refused before that was known
 * @param verifyCondition the SQL condition verified, null for {@code ranges}
 * @param partitions leaves that are walked; one for a plain table, null where there is no table
 * @param estimatedRows by the planner's statistics; null while unknown
 * @param estimatedBytes of the table without indexes; null where there is no table
 * @param estimatedSeconds at the pace of the trial batch and the rate limit, where nobody else is at work
 * @param estimatedSecondsBesideOthers at least, where others are at work all the time, so that the budget of cores
 *     bounds the pace; the short batches of a slow pace cost more than the trial's. Signals, windows, other limits and
 *     the verification are in neither
 * @param findings what was found, refusals first
 * @param statements the statements of a batch with their plans
 * @param sample up to five rows before and after, from a transaction that was rolled back; values are for operators
 *     only
 */
public record PlanReport(
        String job,
        String database,
        String table,
        String shape,
        List<String> key,
        @Nullable String keyIndex,
        String fingerprint,
        boolean runnable,
        @Nullable Boolean repeatable,
        String verify,
        @Nullable String verifyCondition,
        @Nullable Integer partitions,
        @Nullable Long estimatedRows,
        @Nullable Long estimatedBytes,
        @Nullable Double estimatedSeconds,
        @Nullable Double estimatedSecondsBesideOthers,
        List<Finding> findings,
        List<Statement> statements,
        List<SampleRow> sample) {

    /**
     * @param level {@code refuse}, {@code warn} or {@code info}
     * @param code stable, kebab-case
     * @param key the job file's key concerned, dotted
     * @param message the fact
     * @param fix the remedy; empty for {@code info}
     */
    public record Finding(String level, String code, String key, String message, String fix) {}

    /**
     * @param name {@code first batch}, {@code batch}, {@code verification}, {@code orphans}
     * @param sql as it is sent
     * @param plan the text of EXPLAIN; it names keys of rows, and is for operators only
     */
    public record Statement(String name, String sql, String plan) {}

    /**
     * @param key key column to value
     * @param before column to value, null where the row did not exist
     * @param after column to value, null where the row is gone
     */
    public record SampleRow(
            Map<String, String> key,
            @Nullable Map<String, @Nullable String> before,
            @Nullable Map<String, @Nullable String> after) {}
}
