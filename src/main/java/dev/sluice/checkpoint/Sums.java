package dev.sluice.checkpoint;

import static dev.sluice.database.schema.Tables.CHECKPOINT;
import static org.jooq.impl.DSL.coalesce;
import static org.jooq.impl.DSL.count;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.max;
import static org.jooq.impl.DSL.sum;

import java.math.BigDecimal;
import java.time.OffsetDateTime;
import java.util.List;
import org.jooq.Condition;
import org.jooq.Field;
import org.jooq.Record;
import org.jooq.TableField;
import org.jooq.impl.DSL;

/** {@link Counts} as columns of a query that has checkpoints in it, grouped or not. */
final class Sums {
    private static final Field<BigDecimal> SCANNED = of(CHECKPOINT.SCANNED);
    private static final Field<BigDecimal> CHANGED = of(CHECKPOINT.CHANGED);
    private static final Field<BigDecimal> HOT = of(CHECKPOINT.HOT);
    private static final Field<BigDecimal> MATCHING = of(CHECKPOINT.MATCHING);
    private static final Field<BigDecimal> VIOLATIONS = of(CHECKPOINT.VIOLATIONS);
    private static final Field<BigDecimal> BATCHES = of(CHECKPOINT.BATCHES);
    private static final Field<Integer> PARTITIONS = count(CHECKPOINT.PARTITION).as("partitions");
    private static final Field<Integer> PARTITIONS_DONE =
            count().filterWhere(CHECKPOINT.DONE).as("partitions_done");
    private static final Field<OffsetDateTime> AT = max(CHECKPOINT.UPDATED_AT).as("last_at");
    private static final Field<Double> AGE = DSL.field(
                    "extract(epoch FROM clock_timestamp() - max({0}))::float8", Double.class, CHECKPOINT.UPDATED_AT)
            .as("age_seconds");

    private final Field<BigDecimal> unchanged;
    private final Field<BigDecimal> collapsed;
    private final Field<BigDecimal> sharedKeys;

    /**
     * @param first whether a checkpoint is of a first walk: a sweep meets its rows once more, and what was left of them
     *     shall not count twice
     */
    Sums(Condition first) {
        this.unchanged = of(CHECKPOINT.UNCHANGED, first);
        this.collapsed = of(CHECKPOINT.COLLAPSED, first);
        this.sharedKeys = of(CHECKPOINT.SHARED_KEYS, first);
    }

    private static Field<BigDecimal> of(TableField<?, Long> counted) {
        return coalesce(sum(counted), inline(BigDecimal.ZERO)).as(counted.getName());
    }

    private static Field<BigDecimal> of(TableField<?, Long> counted, Condition first) {
        return coalesce(sum(counted).filterWhere(first), inline(BigDecimal.ZERO))
                .as(counted.getName());
    }

    List<Field<?>> columns() {
        return List.of(
                SCANNED,
                CHANGED,
                HOT,
                MATCHING,
                VIOLATIONS,
                unchanged,
                collapsed,
                sharedKeys,
                BATCHES,
                PARTITIONS,
                PARTITIONS_DONE,
                AT,
                AGE);
    }

    Counts counts(Record r) {
        OffsetDateTime at = r.get(AT);
        return new Counts(
                r.get(SCANNED).longValue(),
                r.get(CHANGED).longValue(),
                r.get(HOT).longValue(),
                r.get(MATCHING).longValue(),
                r.get(VIOLATIONS).longValue(),
                new RowsLeft(
                        r.get(unchanged).longValue(),
                        r.get(collapsed).longValue(),
                        r.get(sharedKeys).longValue()),
                r.get(BATCHES).longValue(),
                r.get(PARTITIONS),
                r.get(PARTITIONS_DONE),
                at == null ? null : at.toInstant(),
                r.get(AGE));
    }
}
