package dev.sluice.sql;

/**
 * A table's name, unquoted.
 *
 * @param schema such as {@code app}
 * @param name such as {@code users}
 */
public record TableName(String schema, String name) {

    /** As SQL, both parts quoted: {@code "app"."users"}. */
    public String sql() {
        return quote(schema) + "." + quote(name);
    }

    /** One identifier as SQL, always quoted. */
    public static String quote(String identifier) {
        return '"' + identifier.replace("\"", "\"\"") + '"';
    }

    /** For people: {@code app.users}. */
    @Override
    public String toString() {
        return schema + "." + name;
    }
}
