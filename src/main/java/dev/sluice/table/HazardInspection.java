package dev.sluice.table;

import dev.sluice.database.Database;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableHazards.Access;
import dev.sluice.table.TableHazards.Event;
import dev.sluice.table.TableHazards.ForeignKey;
import dev.sluice.table.TableHazards.Index;
import dev.sluice.table.TableHazards.Publication;
import dev.sluice.table.TableHazards.Trigger;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jooq.DSLContext;
import org.jooq.Record;
import org.jooq.exception.DataAccessException;

/** Reads {@link TableHazards} from the catalog. */
public final class HazardInspection {
    /** {@code new.updated_at :=} in a trigger's function. */
    private static final Pattern ASSIGNMENT =
            Pattern.compile("(?i)\\bnew\\s*\\.\\s*(\"(?:[^\"]|\"\")+\"|[a-z_][\\w$]*)\\s*:?=");

    private final DSLContext sql;
    private final TableName table;
    private final Long[] tree;

    private HazardInspection(DSLContext sql, TableName table, long oid) {
        this.sql = sql;
        this.table = table;
        this.tree =
                sql.fetch(HazardQueries.TREE, oid, oid).getValues(0, Long.class).toArray(Long[]::new);
    }

    /**
     * Looks around a table.
     *
     * @param database where
     * @param table it, partitioned or not
     * @param jobKey the job file's key that names it, for the refusal
     * @throws dev.sluice.problem.Problem as {@link TableInspection#columns}
     */
    public static TableHazards inspect(Database database, TableName table, String jobKey) {
        try {
            DSLContext sql = database.sql();
            long oid = TableInspection.relation(sql, table, jobKey).get("oid", long.class);
            return new HazardInspection(sql, table, oid).hazards(oid);
        } catch (DataAccessException e) {
            throw database.unavailable(e);
        }
    }

    private TableHazards hazards(long oid) {
        Record session = sql.fetchSingle(HazardQueries.SESSION, new Object[] {tree});
        return new TableHazards(
                session.get("role", String.class),
                session.get("version", int.class),
                sql.fetch(HazardQueries.ACCESS, new Object[] {tree}).map(HazardInspection::access),
                sql.fetch(HazardQueries.HIDING, new Object[] {tree}).map(HazardInspection::name),
                triggers(),
                sql.fetch(HazardQueries.FOREIGN_KEYS, tree, tree, tree).map(HazardInspection::foreignKey),
                sql.fetch(HazardQueries.PUBLICATIONS, tree, oid).map(HazardInspection::publication),
                sql.fetch(HazardQueries.INDEXES, oid)
                        .map(r -> new Index(r.get("name", String.class), texts(r, "columns"))),
                generated(oid),
                session.get("bytes", long.class));
    }

    private List<Trigger> triggers() {
        Map<String, Trigger> found = new LinkedHashMap<>();
        for (Record r : sql.fetch(HazardQueries.TRIGGERS, new Object[] {tree})) {
            Trigger trigger = trigger(r);
            found.putIfAbsent(trigger.name() + " " + trigger.function(), trigger);
        }
        return List.copyOf(found.values());
    }

    private static Trigger trigger(Record r) {
        int type = r.get("type", int.class);
        Set<Event> events = EnumSet.noneOf(Event.class);
        // the bits of pg_trigger.tgtype, from catalog/pg_trigger.h
        if ((type & 4) != 0) {
            events.add(Event.INSERT);
        }
        if ((type & 8) != 0) {
            events.add(Event.DELETE);
        }
        if ((type & 16) != 0) {
            events.add(Event.UPDATE);
        }
        return new Trigger(
                r.get("name", String.class),
                name(r),
                r.get("function", String.class),
                (type & 2) != 0,
                (type & 1) != 0,
                events,
                texts(r, "update_of"),
                assigned(r.get("source", String.class)),
                r.get("has_path", boolean.class));
    }

    private static Set<String> assigned(String source) {
        Set<String> columns = new LinkedHashSet<>();
        var matcher = ASSIGNMENT.matcher(source);
        while (matcher.find()) {
            String column = matcher.group(1);
            columns.add(
                    column.startsWith("\"")
                            ? column.substring(1, column.length() - 1).replace("\"\"", "\"")
                            : column.toLowerCase(Locale.ROOT));
        }
        return columns;
    }

    private static ForeignKey foreignKey(Record r) {
        return new ForeignKey(
                r.get("name", String.class),
                new TableName(r.get("from_schema", String.class), r.get("from_name", String.class)),
                List.copyOf(texts(r, "columns")),
                new TableName(r.get("to_schema", String.class), r.get("to_name", String.class)),
                List.copyOf(texts(r, "referred")),
                action(r.get("on_delete", String.class)),
                action(r.get("on_update", String.class)),
                r.get("incoming", boolean.class),
                r.get("indexed", boolean.class),
                r.get("from_rows", long.class));
    }

    private static String action(String code) {
        return switch (code) {
            case "r" -> "RESTRICT";
            case "c" -> "CASCADE";
            case "n" -> "SET NULL";
            case "d" -> "SET DEFAULT";
            default -> "NO ACTION";
        };
    }

    private static Publication publication(Record r) {
        return new Publication(
                r.get("name", String.class),
                r.get("inserts", boolean.class),
                r.get("updates", boolean.class),
                r.get("deletes", boolean.class));
    }

    private Map<String, Set<String>> generated(long oid) {
        return sql.fetch(HazardQueries.GENERATED, oid).stream()
                .collect(Collectors.toMap(r -> r.get("name", String.class), r -> texts(r, "columns")));
    }

    private static Access access(Record r) {
        return new Access(
                name(r),
                r.get("usage", boolean.class),
                texts(r, "can_select"),
                texts(r, "can_update"),
                texts(r, "can_insert"),
                r.get("can_delete", boolean.class),
                r.get("can_analyze", boolean.class));
    }

    private static TableName name(Record r) {
        return new TableName(r.get("table_schema", String.class), r.get("table_name", String.class));
    }

    private static Set<String> texts(Record r, String field) {
        String[] values = r.get(field, String[].class);
        return values == null ? Set.of() : new LinkedHashSet<>(Arrays.asList(values));
    }

    /** For logs. */
    @Override
    public String toString() {
        return "hazards of " + table;
    }
}
