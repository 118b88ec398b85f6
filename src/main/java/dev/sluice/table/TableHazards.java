package dev.sluice.table;

import dev.sluice.sql.TableName;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What stands around a table and may make a change of its rows fail, slow, or spread. All of it is read from the
 * catalog and is as of that moment.
 *
 * @param role the session's role
 * @param serverVersion {@code server_version_num}, such as 180006
 * @param access what the role may do, one for the table and one for each leaf
 * @param hiding tables among these whose row-level security holds for the role
 * @param triggers enabled ones of the table and its leaves, each name and function once
 * @param foreignKeys from and to the table and its leaves
 * @param publications that publish it, by name
 * @param indexes of the table (the parent's, if partitioned), the primary key's included
 * @param generatedFrom generated column to the columns it is computed from
 * @param totalBytes heap, TOAST and indexes over the leaves
 */
public record TableHazards(
        String role,
        int serverVersion,
        List<Access> access,
        List<TableName> hiding,
        List<Trigger> triggers,
        List<ForeignKey> foreignKeys,
        List<Publication> publications,
        List<Index> indexes,
        Map<String, Set<String>> generatedFrom,
        long totalBytes) {

    /**
     * What the role may do with a table.
     *
     * @param table which
     * @param schemaUsage USAGE on its schema
     * @param select columns it may read
     * @param update columns it may change
     * @param insert columns it may fill
     * @param delete rows it may delete
     * @param analyze owner, or MAINTAIN from PostgreSQL 17
     */
    public record Access(
            TableName table,
            boolean schemaUsage,
            Set<String> select,
            Set<String> update,
            Set<String> insert,
            boolean delete,
            boolean analyze) {}

    /** What a trigger fires on. */
    public enum Event {
        INSERT,
        UPDATE,
        DELETE
    }

    /**
     * @param name of the trigger
     * @param table it stands on, a leaf only where the parent has no such trigger
     * @param function {@code schema.name}
     * @param before fires before the change; else after it
     * @param eachRow fires for each row; else once a statement
     * @param events what it fires on
     * @param updateOf columns of {@code UPDATE OF}; empty for any
     * @param assigns columns of the new row that the function's text seems to set
     * @param hasPath whether the function has a {@code SET search_path} of its own
     */
    public record Trigger(
            String name,
            TableName table,
            String function,
            boolean before,
            boolean eachRow,
            Set<Event> events,
            Set<String> updateOf,
            Set<String> assigns,
            boolean hasPath) {

        /** Whether it fires when these columns are updated. */
        public boolean firesOnUpdateOf(Set<String> columns) {
            return events.contains(Event.UPDATE)
                    && (updateOf.isEmpty() || updateOf.stream().anyMatch(columns::contains));
        }

        /** {@code "touch" (BEFORE UPDATE FOR EACH ROW, app.touch())}. */
        @Override
        public String toString() {
            return '"' + name + "\" (" + (before ? "BEFORE " : "AFTER ")
                    + events.stream().sorted().map(Enum::name).collect(Collectors.joining(" OR "))
                    + (eachRow ? " FOR EACH ROW, " : " FOR EACH STATEMENT, ") + function + "())";
        }
    }

    /**
     * @param name of the constraint
     * @param from the table that refers
     * @param columns the referring columns
     * @param to the table referred to
     * @param referred its columns
     * @param onDelete {@code NO ACTION}, {@code RESTRICT}, {@code CASCADE}, {@code SET NULL} or {@code SET DEFAULT}
     * @param onUpdate the same
     * @param incoming whether it refers to the inspected table; else the inspected table refers
     * @param indexed whether an index of {@code from} begins with the referring columns
     * @param fromRows estimated rows of {@code from}; -1 when never analysed
     */
    public record ForeignKey(
            String name,
            TableName from,
            List<String> columns,
            TableName to,
            List<String> referred,
            String onDelete,
            String onUpdate,
            boolean incoming,
            boolean indexed,
            long fromRows) {}

    /**
     * @param name of the publication
     * @param inserts publishes INSERT
     * @param updates publishes UPDATE
     * @param deletes publishes DELETE
     */
    public record Publication(String name, boolean inserts, boolean updates, boolean deletes) {}

    /**
     * @param name of the index
     * @param columns every column it uses: as key, included, in an expression or in its WHERE
     */
    public record Index(String name, Set<String> columns) {}

    /** The access to one of the tables. */
    public Access accessTo(TableName table) {
        return access.stream()
                .filter(a -> a.table().equals(table))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(table + " was not inspected, only " + access));
    }
}
