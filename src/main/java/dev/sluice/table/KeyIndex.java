package dev.sluice.table;

import dev.sluice.sql.TableName;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jooq.DSLContext;
import org.jooq.Record;
import org.jspecify.annotations.Nullable;

/**
 * A unique index of the table, and whether batches can walk it.
 *
 * @param name of the index
 * @param primary whether it is the primary key's
 * @param valid usable for queries, in every partition
 * @param immediate not DEFERRABLE
 * @param partial has a WHERE
 * @param method such as {@code btree}
 * @param parts its key columns, INCLUDE columns left out
 */
record KeyIndex(
        String name,
        boolean primary,
        boolean valid,
        boolean immediate,
        boolean partial,
        String method,
        List<Part> parts) {

    /**
     * One key column of the index.
     *
     * @param column its name; null for an expression
     * @param plainOpclass sorted by the type's default operators
     * @param sameCollation sorted as the column itself compares
     * @param options bit 1: DESC, bit 2: NULLS FIRST
     * @param notNull a valid NOT NULL is on the column
     * @param type as SQL, domains resolved: as {@code format_type} prints it where it is of pg_catalog, otherwise with
     *     its schema and without a modifier, so that it is the same under every search_path
     * @param fitness whether its text does as a position
     * @param operators where its {@code <}, {@code <=} and {@code >} are; empty where one is missing
     */
    record Part(
            @Nullable String column,
            boolean plainOpclass,
            boolean sameCollation,
            int options,
            boolean notNull,
            String type,
            KeyTypes.Fitness fitness,
            Optional<Operators> operators) {

        /** As batches use it. */
        TableFacts.KeyColumn keyColumn() {
            return new TableFacts.KeyColumn(
                    String.valueOf(column),
                    type,
                    operators.map(Operators::schema).orElse(""),
                    fitness.hashed());
        }
    }

    /**
     * The operators by which a key column is compared.
     *
     * @param schema quoted; empty for pg_catalog
     * @param visible whether they, and the type, are found under the session's search_path without their schema
     */
    record Operators(String schema, boolean visible) {
        /** Whether a comparison of several columns, which cannot name a schema for each, would not find them. */
        boolean hiddenFor(String type) {
            return !schema.isEmpty() && !(visible && type.startsWith(schema + "."));
        }
    }

    /**
     *
     *
     * <pre>
     * one row for each key column of each unique index of a table; bound: oid
     * </pre>
     */
    private static final String QUERY = """
            SELECT ic.oid::bigint AS oid, ic.relname, i.indisprimary, i.indimmediate, i.indpred IS NOT NULL AS partial,
                   i.indisvalid AND i.indisready AND i.indislive AS valid, m.amname,
                   a.attname, i.indoption[k.n]::int AS options,
                   EXISTS (SELECT FROM pg_catalog.pg_opclass d
                            WHERE d.opcfamily = o.opcfamily AND d.opcintype = o.opcintype AND d.opcdefault) AS plain,
                   i.indcollation[k.n] = a.attcollation AS same_collation,
                   a.attnotnull AND NOT EXISTS (
                     SELECT FROM pg_catalog.pg_constraint c
                      WHERE c.conrelid = i.indrelid AND c.contype = 'n' AND NOT c.convalidated
                        AND a.attnum = ANY (c.conkey)) AS not_null,
                   base.typ::bigint AS type_oid, base.type, operators.schema AS operators,
                   operators.visible AND pg_catalog.pg_type_is_visible(base.named) AS visible
              FROM pg_catalog.pg_index i
              JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
              JOIN pg_catalog.pg_am m ON m.oid = ic.relam
             CROSS JOIN LATERAL generate_series(0, i.indnkeyatts - 1) k(n)
              JOIN pg_catalog.pg_opclass o ON o.oid = i.indclass[k.n]
              LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.n] AND a.attnum > 0
              LEFT JOIN LATERAL (
                WITH RECURSIVE r(typ, typmod) AS (
                  SELECT a.atttypid, a.atttypmod
                  UNION ALL
                  SELECT t.typbasetype, t.typtypmod FROM r JOIN pg_catalog.pg_type t ON t.oid = r.typ
                   WHERE t.typtype = 'd')
                SELECT r.typ, coalesce(e.oid, t.oid) AS named,
                       CASE WHEN n.nspname = 'pg_catalog' THEN pg_catalog.format_type(r.typ, r.typmod)
                            ELSE quote_ident(n.nspname) || '.' || quote_ident(coalesce(e.typname, t.typname))
                                 || CASE WHEN e.oid IS NULL THEN '' ELSE '[]' END END AS type
                  FROM r JOIN pg_catalog.pg_type t ON t.oid = r.typ
                  LEFT JOIN pg_catalog.pg_type e ON e.typarray = t.oid
                  JOIN pg_catalog.pg_namespace n ON n.oid = coalesce(e.typnamespace, t.typnamespace)
                 WHERE t.typtype <> 'd') base ON true
              LEFT JOIN LATERAL (
                SELECT min(CASE WHEN n.nspname = 'pg_catalog' THEN '' ELSE quote_ident(n.nspname) END) AS schema,
                       bool_and(pg_catalog.pg_operator_is_visible(p.oid)) AS visible
                  FROM pg_catalog.pg_amop s
                  JOIN pg_catalog.pg_operator p ON p.oid = s.amopopr
                  JOIN pg_catalog.pg_namespace n ON n.oid = p.oprnamespace
                 WHERE s.amopfamily = o.opcfamily AND s.amoplefttype = o.opcintype AND s.amoprighttype = o.opcintype
                   AND (s.amopstrategy, p.oprname) IN ((1, '<'), (2, '<='), (5, '>'))
                HAVING count(*) = 3 AND count(DISTINCT n.oid) = 1) operators ON true
             WHERE i.indrelid = ?::oid AND i.indisunique
             ORDER BY i.indisprimary DESC, ic.relname, ic.oid, k.n""";

    /** Every unique index of the table, the primary key's first. */
    static List<KeyIndex> of(DSLContext sql, long table) {
        Map<Long, List<Record>> byIndex = new LinkedHashMap<>();
        Set<Long> types = new HashSet<>();
        for (Record row : sql.fetch(QUERY, table)) {
            byIndex.computeIfAbsent(row.get("oid", Long.class), k -> new ArrayList<>())
                    .add(row);
            Optional.ofNullable(row.get("type_oid", Long.class)).ifPresent(types::add);
        }
        Map<Long, KeyTypes.Fitness> fitness = types.isEmpty() ? Map.of() : KeyTypes.of(sql, types);
        return byIndex.values().stream().map(rows -> from(rows, fitness)).toList();
    }

    private static KeyIndex from(List<Record> rows, Map<Long, KeyTypes.Fitness> fitness) {
        Record first = rows.get(0);
        List<Part> parts = rows.stream()
                .map(r -> new Part(
                        r.get("attname", String.class),
                        r.get("plain", boolean.class),
                        Boolean.TRUE.equals(r.get("same_collation", Boolean.class)),
                        r.get("options", int.class),
                        Boolean.TRUE.equals(r.get("not_null", Boolean.class)),
                        Objects.requireNonNullElse(r.get("type", String.class), ""),
                        fitness.getOrDefault(
                                Objects.requireNonNullElse(r.get("type_oid", Long.class), 0L),
                                KeyTypes.Fitness.UNKNOWN),
                        Optional.ofNullable(r.get("operators", String.class))
                                .map(schema -> new Operators(schema, r.get("visible", boolean.class)))))
                .toList();
        return new KeyIndex(
                first.get("relname", String.class),
                first.get("indisprimary", boolean.class),
                first.get("valid", boolean.class),
                first.get("indimmediate", boolean.class),
                first.get("partial", boolean.class),
                first.get("amname", String.class),
                parts);
    }

    /** Whether its columns are these, in any order. */
    boolean isOn(List<String> columns) {
        return parts.size() == columns.size() && new HashSet<>(columns).equals(new HashSet<>(columnNames()));
    }

    /** Its columns as batches use them. */
    List<TableFacts.KeyColumn> keyColumns() {
        return parts.stream().map(Part::keyColumn).toList();
    }

    /**
     * This index.
     *
     * @throws dev.sluice.problem.Problem UNPROCESSABLE with the reason why batches cannot walk it
     */
    KeyIndex sound(TableName table) {
        fault(table).ifPresent(f -> {
            throw TableProblem.of(f.code(), TableProblem.KEY, f.reason(), f.fix());
        });
        return this;
    }

    /** Column names in the index' order; an expression is "(expression)". */
    List<String> columnNames() {
        return parts.stream()
                .map(p -> p.column() == null ? "(expression)" : p.column())
                .toList();
    }

    /**
     * The best of several on the same columns: one that can be walked before one that cannot, then the primary key's.
     */
    static Optional<KeyIndex> best(List<KeyIndex> indexes, TableName table) {
        return indexes.stream()
                .min(Comparator.comparing((KeyIndex i) -> i.fault(table).isPresent())
                        .thenComparing(i -> !i.primary()));
    }

    /** Why batches cannot walk it. */
    record Fault(String code, String reason, String fix) {}

    /** The first reason why batches cannot walk this index; empty if they can. */
    Optional<Fault> fault(TableName table) {
        String on = "Index \"" + name + "\" on " + table + " ";
        String plain = "create a plain unique index, " + createStatement(table, columnNames())
                + ", and name its columns as key.";
        if (parts.stream().anyMatch(p -> p.column() == null)) {
            return fault(
                    "key-index-expression",
                    on + "is on an expression, which a batch cannot compare with a position.",
                    plain);
        }
        if (!method.equals("btree")) {
            return fault("key-index-method", on + "is a " + method + " index, which cannot be walked in order.", plain);
        }
        if (partial) {
            return fault("key-index-partial", on + "is partial: it does not hold every row.", plain);
        }
        if (!immediate) {
            return fault(
                    "key-deferrable",
                    on + "belongs to a DEFERRABLE constraint: within a transaction it is not unique.",
                    "make the constraint not deferrable, or " + plain);
        }
        if (!valid) {
            return fault(
                    "key-index-invalid",
                    on + "is invalid: its build failed, is still going on, or a partition lacks it.",
                    "REINDEX INDEX CONCURRENTLY " + TableName.quote(table.schema()) + "." + TableName.quote(name)
                            + "; on a partitioned table create and ATTACH the missing partition's index.");
        }
        return faultOfColumns(table, on, plain);
    }

    private Optional<Fault> faultOfColumns(TableName table, String on, String plain) {
        for (Part part : parts) {
            String column = String.valueOf(part.column());
            if (part.fitness().unfit().isPresent()) {
                return fault(
                        "key-type",
                        "Key column \"" + column + "\" of " + table + " is of type " + part.type()
                                + ", which will not do as a key: "
                                + part.fitness().unfit().get()
                                + ", and a run keeps the key it has come to as text.",
                        "name a key of other columns, or add one with a unique index.");
            }
            if (!part.plainOpclass() || part.operators().isEmpty()) {
                return fault(
                        "key-index-opclass",
                        on + "sorts \"" + column + "\" by other operators than its type's own.",
                        plain);
            }
            if (!part.sameCollation()) {
                return fault(
                        "key-index-collation",
                        on + "sorts \"" + column + "\" by another collation than the column's own.",
                        plain);
            }
            if (parts.size() > 1
                    && part.operators().filter(o -> o.hiddenFor(part.type())).isPresent()) {
                String schema = part.operators().get().schema();
                return fault(
                        "key-operators-hidden",
                        "Key column \"" + column + "\" of " + table + " is of type " + part.type()
                                + ", whose operators are in schema " + schema
                                + ", and the search_path does not lead there: rows of several key columns would be"
                                + " compared by the operators of another type.",
                        "add " + schema
                                + " to the search_path of the worker's role (ALTER ROLE … SET search_path), or name a"
                                + " key of other columns.");
            }
            if (!part.notNull()) {
                return fault(
                        "key-nullable",
                        "Key column \"" + column + "\" of " + table
                                + " may be NULL, and a walk in key order would miss such rows.",
                        notNullStatements(table, column));
            }
        }
        Set<Integer> options = parts.stream().map(Part::options).collect(Collectors.toSet());
        if (!options.equals(Set.of(0)) && !options.equals(Set.of(3))) {
            return fault(
                    "key-index-direction",
                    on
                            + "mixes ASC and DESC, or puts NULLS elsewhere than usual: batches compare whole rows, in one direction.",
                    plain);
        }
        return Optional.empty();
    }

    private static Optional<Fault> fault(String code, String reason, String fix) {
        return Optional.of(new Fault(code, reason, fix));
    }

    /** {@code CREATE UNIQUE INDEX CONCURRENTLY ON "app"."t" ("a", "b")}. */
    static String createStatement(TableName table, List<String> columns) {
        return "CREATE UNIQUE INDEX CONCURRENTLY ON " + table.sql() + " ("
                + columns.stream()
                        .filter(c -> !c.equals("(expression)"))
                        .map(TableName::quote)
                        .collect(Collectors.joining(", "))
                + ")";
    }

    /**
     * Makes a column NOT NULL without a long lock: the check is validated beside the writers, then SET NOT NULL trusts
     * it.
     */
    private static String notNullStatements(TableName table, String column) {
        String alter = "ALTER TABLE " + table.sql();
        String check = TableName.quote("sluice_" + column + "_not_null");
        String quoted = TableName.quote(column);
        return "fill or delete the rows where it is NULL, then " + alter + " ADD CONSTRAINT " + check + " CHECK ("
                + quoted
                + " IS NOT NULL) NOT VALID; " + alter + " VALIDATE CONSTRAINT " + check + "; " + alter
                + " ALTER COLUMN "
                + quoted + " SET NOT NULL; " + alter + " DROP CONSTRAINT " + check + ";";
    }
}
