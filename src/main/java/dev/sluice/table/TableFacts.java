package dev.sluice.table;

import dev.sluice.sql.TableName;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A job's table, as the catalog has it.
 *
 * @param name as the job names it
 * @param oid of the table
 * @param partitioned whether it is a partitioned table
 * @param leaves what the batches walk, in the catalog's order: the leaf partitions, or the table itself
 * @param key the key columns in the index' order; unique together, not null, indexed
 * @param keyIndex name of the unique index on the key (of the parent, if partitioned)
 * @param keyChosen whether it was taken as the only suitable one: the job names no key, and there is no primary key
 * @param columns every column by name, in the table's order
 * @param estimatedRows by {@code pg_class.reltuples} over the leaves, scaled to their present size as the planner does;
 *     -1 when a leaf that has rows was never analysed
 * @param bytes heap size over the leaves, without indexes
 */
public record TableFacts(
        TableName name,
        long oid,
        boolean partitioned,
        List<Leaf> leaves,
        List<KeyColumn> key,
        String keyIndex,
        boolean keyChosen,
        Map<String, Column> columns,
        long estimatedRows,
        long bytes) {

    /**
     * What one partition of a run walks.
     *
     * @param name of the leaf
     * @param oid of the leaf
     * @param estimatedRows by its {@code reltuples}; -1 when never analysed
     */
    public record Leaf(TableName name, long oid, long estimatedRows) {}

    /**
     * @param name unquoted
     * @param type as SQL that means the same under every search_path, such as {@code numeric(10,2)} or
     *     {@code app.color}; of a domain its base type
     * @param operators quoted schema of the operators that compare it; empty for pg_catalog
     * @param hashed whether values that are equal have equal hashes; others have no hash of their own
     */
    public record KeyColumn(String name, String type, String operators, boolean hashed) {
        /** Of a type of pg_catalog that can be hashed. */
        public KeyColumn(String name, String type) {
            this(name, type, "", true);
        }

        /** {@code id bigint}: what a position is made of. */
        public String text() {
            return name + " " + type;
        }

        /** Quoted. */
        public String sql() {
            return TableName.quote(name);
        }
    }

    /**
     * @param name unquoted
     * @param type as {@code format_type} prints it
     * @param notNull declared NOT NULL
     * @param generated a generated or GENERATED ALWAYS AS IDENTITY column, which cannot be set
     * @param comparable whether two values can be compared by an equality of the system's own, whatever the
     *     search_path; else only their texts can
     * @param equals the type's equality as it is written in SQL, such as {@code OPERATOR(ext.=)}
     */
    public record Column(
            String name, String type, boolean notNull, boolean generated, boolean comparable, String equals) {}

    /** The same table with only those of its leaves. */
    public TableFacts only(Set<Long> oids) {
        return new TableFacts(
                name,
                oid,
                partitioned,
                leaves.stream().filter(leaf -> oids.contains(leaf.oid())).toList(),
                key,
                keyIndex,
                keyChosen,
                columns,
                estimatedRows,
                bytes);
    }

    /** The oids of the leaves. */
    public Set<Long> leafOids() {
        return leaves.stream().map(Leaf::oid).collect(Collectors.toUnmodifiableSet());
    }

    /** {@code id bigint}, {@code line integer}: what a position is made of. */
    public List<String> keyColumns() {
        return key.stream().map(KeyColumn::text).toList();
    }

    /** For people: {@code id bigint, line integer}. */
    public String keyText() {
        return String.join(", ", keyColumns());
    }
}
