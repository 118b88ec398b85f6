package dev.sluice.table;

import dev.sluice.database.Database;
import dev.sluice.problem.Problem;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableFacts.Column;
import dev.sluice.table.TableFacts.Leaf;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jooq.DSLContext;
import org.jooq.Record;
import org.jooq.exception.DataAccessException;

/** Looks a job's table up in the catalog. */
public final class TableInspection {

    /** The relation of a name; bound: schema, name. */
    private static final String RELATION = """
            SELECT c.oid::bigint AS oid, c.relkind::text AS kind, c.relpersistence::text AS persistence
              FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = ? AND c.relname = ?""";

    /** The tables a name may have meant, of one schema or of all but the system's; bound: schema, schema, name. */
    private static final String TABLES = """
            SELECT n.nspname, c.relname
              FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
               AND (n.nspname = ? OR lower(c.relname) = lower(?))
             ORDER BY 1, 2 LIMIT 5000""";

    /**
     * What holds the rows: the table itself or its leaf partitions; bound: oid, oid. Sizes are of the heap alone. Of a
     * table that is not partitioned pg_partition_tree says nothing.
     */
    private static final String TREE = """
            SELECT c.oid::bigint AS oid, n.nspname, c.relname, c.relkind::text AS kind,
                   CASE WHEN c.relkind = 'r' THEN pg_catalog.pg_relation_size(c.oid) ELSE 0 END AS bytes,
                   c.relpages::bigint AS pages, c.reltuples::float8 AS tuples,
                   pg_catalog.current_setting('block_size')::bigint AS block
              FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind <> 'p'
               AND (c.oid = ?::oid OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(?::oid)))
             ORDER BY c.oid""";

    /** Inheritance children; bound: oid. */
    private static final String CHILDREN = """
            SELECT n.nspname || '.' || c.relname
              FROM pg_catalog.pg_inherits i
              JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE i.inhparent = ?::oid ORDER BY 1 LIMIT 5""";

    private TableInspection() {}

    /**
     * Looks up table and key.
     *
     * @param database where
     * @param table the job's table
     * @param key the job's key columns, in any order; empty for the primary key, or else the only suitable unique index
     * @return what the catalog says, with a key that batches can walk
     * @throws Problem UNPROCESSABLE when there is no such table, or batches could not walk it, or not by that key; its
     *     details are {@code key} (of the job file), {@code reason} and {@code fix}. UNAVAILABLE when the database does
     *     not answer
     */
    public static TableFacts inspect(Database database, TableName table, List<String> key) {
        return inspect(database, table, key, List.of());
    }

    /**
     * Looks up table and key of a run that may have begun: by the key it walks, if the job names none.
     *
     * @param begun what its positions are made of ({@link TableFacts#keyColumns}); empty where it has not begun
     * @throws Problem as {@link #inspect(Database, TableName, List)}
     */
    public static TableFacts inspect(Database database, TableName table, List<String> key, List<String> begun) {
        try {
            return inspect(database.sql(), table, key, begun);
        } catch (DataAccessException e) {
            throw database.unavailable(e);
        }
    }

    private static TableFacts inspect(DSLContext sql, TableName table, List<String> key, List<String> begun) {
        Record relation = relation(sql, table, TableProblem.TABLE);
        long oid = relation.get("oid", long.class);
        boolean partitioned = relation.get("kind", String.class).equals("p");
        if (!partitioned) {
            refuseChildren(sql, table, oid);
        }
        List<Record> tree = sql.fetch(TREE, oid, oid);
        refuseForeign(table, tree);
        Map<String, Column> columns = Columns.of(sql, oid);
        List<KeyIndex> indexes = KeyIndex.of(sql, oid);
        KeyIndex index = key.isEmpty()
                ? KeyChoice.of(table, indexes, begun)
                : keyIndex(table, key, columns, indexes, partitioned);
        List<Leaf> leaves = tree.stream()
                .map(r -> new Leaf(
                        new TableName(r.get("nspname", String.class), r.get("relname", String.class)),
                        r.get("oid", long.class),
                        estimate(r)))
                .toList();
        boolean unknown = leaves.stream().anyMatch(l -> l.estimatedRows() < 0);
        return new TableFacts(
                table,
                oid,
                partitioned,
                leaves,
                index.keyColumns(),
                index.name(),
                key.isEmpty() && !index.primary(),
                columns,
                unknown ? -1 : leaves.stream().mapToLong(Leaf::estimatedRows).sum(),
                tree.stream().mapToLong(r -> r.get("bytes", long.class)).sum());
    }

    /**
     * The columns of a table that is not walked, such as the one an insert fills.
     *
     * @param jobKey the job file's key that names it, for the refusal
     * @return column by name, in the table's order
     * @throws Problem as {@link #inspect(Database, TableName, List)}
     */
    public static Map<String, Column> columns(Database database, TableName table, String jobKey) {
        try {
            DSLContext sql = database.sql();
            return Columns.of(sql, relation(sql, table, jobKey).get("oid", long.class));
        } catch (DataAccessException e) {
            throw database.unavailable(e);
        }
    }

    static Record relation(DSLContext sql, TableName table, String jobKey) {
        Record found = sql.fetchOne(RELATION, table.schema(), table.name());
        if (found == null) {
            throw unknown(sql, table, jobKey);
        }
        String kind = found.get("kind", String.class);
        boolean temporary = found.get("persistence", String.class).equals("t");
        boolean system = table.schema().startsWith("pg_")
                || table.schema().equals("information_schema")
                || table.schema().equals("sluice");
        if (temporary || system || !(kind.equals("r") || kind.equals("p"))) {
            String what = temporary ? "a temporary table" : system ? "not a table of yours" : kindText(kind);
            throw TableProblem.of(
                    "not-a-table",
                    jobKey,
                    table + " is " + what + ".",
                    "name an ordinary or partitioned table"
                            + (kind.equals("v") ? ", such as the one behind the view." : "."));
        }
        return found;
    }

    private static String kindText(String kind) {
        return switch (kind) {
            case "v" -> "a view";
            case "m" -> "a materialized view";
            case "f" -> "a foreign table";
            case "S" -> "a sequence";
            case "c" -> "a composite type";
            case "i", "I" -> "an index";
            default -> "of kind \"" + kind + "\"";
        };
    }

    private static Problem unknown(DSLContext sql, TableName table, String jobKey) {
        List<Record> known = sql.fetch(TABLES, table.schema(), table.name());
        Map<Boolean, List<TableName>> here = known.stream()
                .map(r -> new TableName(r.get(0, String.class), r.get(1, String.class)))
                .collect(Collectors.partitioningBy(t -> t.schema().equals(table.schema())));
        List<TableName> inSchema = here.getOrDefault(true, List.of());
        List<String> near = NameSuggestions.near(
                        table.name(), inSchema.stream().map(TableName::name).toList())
                .stream()
                .map(n -> new TableName(table.schema(), n).toString())
                .collect(Collectors.toList());
        here.getOrDefault(false, List.of()).stream().limit(3).forEach(t -> near.add(t.toString()));
        String fix = near.isEmpty()
                ? "create it first, or name a table of this database; schema \"" + table.schema() + "\" has "
                        + inSchema.size() + " tables."
                : "did you mean " + String.join(" or ", near) + "?";
        return TableProblem.of("no-such-table", jobKey, "There is no table " + table + ".", fix);
    }

    private static void refuseChildren(DSLContext sql, TableName table, long oid) {
        List<String> children = sql.fetch(CHILDREN, oid).getValues(0, String.class);
        if (!children.isEmpty()) {
            throw TableProblem.of(
                    "inheritance-children",
                    TableProblem.TABLE,
                    "Table " + table + " has inheritance children (" + String.join(", ", children)
                            + "): their rows are in no unique index of the parent.",
                    "write one job for each of them after ALTER TABLE … NO INHERIT, or turn them into partitions.");
        }
    }

    private static void refuseForeign(TableName table, List<Record> tree) {
        List<String> foreign = tree.stream()
                .filter(r -> !r.get("kind", String.class).equals("r"))
                .map(r -> r.get("nspname", String.class) + "." + r.get("relname", String.class))
                .toList();
        if (!foreign.isEmpty()) {
            throw TableProblem.of(
                    "foreign-partition",
                    TableProblem.TABLE,
                    "Table " + table + " has foreign partitions (" + String.join(", ", foreign)
                            + "): their rows cannot commit together with a checkpoint here.",
                    "write one job for each local partition, and run those of the other server there.");
        }
    }

    private static KeyIndex keyIndex(
            TableName table,
            List<String> key,
            Map<String, Column> columns,
            List<KeyIndex> indexes,
            boolean partitioned) {
        for (String column : key) {
            if (!columns.containsKey(column)) {
                List<String> near = NameSuggestions.near(column, columns.keySet());
                throw TableProblem.of(
                        "no-such-column",
                        TableProblem.KEY,
                        "Table " + table + " has no column \"" + column + "\".",
                        near.isEmpty()
                                ? "its columns are " + String.join(", ", columns.keySet()) + "."
                                : "did you mean " + String.join(" or ", near) + "?");
            }
        }
        if (new HashSet<>(key).size() < key.size()) {
            throw TableProblem.of(
                    "key-column-twice",
                    TableProblem.KEY,
                    "The key names a column twice: " + key + ".",
                    "name each once.");
        }
        List<KeyIndex> matching = indexes.stream().filter(i -> i.isOn(key)).toList();
        KeyIndex best = KeyIndex.best(matching, table).orElseThrow(() -> notUnique(table, key, indexes, partitioned));
        return best.sound(table);
    }

    private static Problem notUnique(TableName table, List<String> key, List<KeyIndex> indexes, boolean partitioned) {
        String create = KeyIndex.createStatement(table, key);
        if (partitioned) {
            create = "CREATE UNIQUE INDEX" + create.substring("CREATE UNIQUE INDEX CONCURRENTLY".length())
                    + " (its columns must contain the partition key; to spare the writers create it ON ONLY the parent,"
                    + " then CONCURRENTLY on each partition, and ATTACH)";
        }
        String instead = indexes.stream()
                .filter(i -> i.fault(table).isEmpty())
                .findFirst()
                .map(i -> ", or use key: " + i.columnNames())
                .orElse("");
        return TableProblem.of(
                "key-not-unique",
                TableProblem.KEY,
                "No unique index of " + table + " is on exactly the columns " + key + ".",
                create + instead + ".");
    }

    /** The planner's way: rows per page when last analysed, times the pages there are now; -1 when never analysed. */
    private static long estimate(Record leaf) {
        long pages = leaf.get("bytes", long.class) / leaf.get("block", long.class);
        double tuples = leaf.get("tuples", double.class);
        long knownPages = leaf.get("pages", long.class);
        if (pages == 0) {
            return 0;
        }
        return knownPages == 0 || tuples < 0 ? -1 : Math.round(tuples / knownPages * pages);
    }
}
