package dev.sluice.database;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What holds within one transaction: settings of the server by name, set with {@code set_config(name, value, true)} as
 * its first statement, so that nothing depends on what the session had before, and nothing is left in it.
 *
 * @param values each setting's value, in the order in which they are set
 */
public record TransactionSettings(Map<String, String> values) {
    /** Keeps what the server has unless that is {@code off}: what Sluice acknowledges is on disk. */
    private static final String DURABLE = "synchronous_commit";

    private static final String DURABLE_SQL = "CASE pg_catalog.current_setting('synchronous_commit')"
            + " WHEN 'off' THEN 'on' ELSE pg_catalog.current_setting('synchronous_commit') END";

    /** A value that stands for: as the server has it, but not {@code off}. */
    static final String NOT_OFF = "(not off)";

    public TransactionSettings {
        values = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }

    /** These, and others after them; of two of one name the other one holds. */
    public TransactionSettings with(Map<String, String> others) {
        Map<String, String> all = new LinkedHashMap<>(values);
        others.forEach((name, value) -> {
            all.keySet().removeIf(n -> n.equalsIgnoreCase(name));
            all.put(name, value);
        });
        return new TransactionSettings(all);
    }

    /** These, with one more. */
    public TransactionSettings with(String name, String value) {
        return with(Map.of(name, value));
    }

    /** The names, in order. */
    public List<String> names() {
        return List.copyOf(values.keySet());
    }

    /** One SELECT that sets them for the transaction; its columns are what the server made of the values. */
    public String sql() {
        return sql(true);
    }

    /** One SELECT that sets them for the session. */
    String sessionSql() {
        return sql(false);
    }

    private String sql(boolean local) {
        return values.entrySet().stream()
                .map(e -> "pg_catalog.set_config(" + quote(e.getKey()) + ", "
                        + (e.getKey().equals(DURABLE) && e.getValue().equals(NOT_OFF)
                                ? DURABLE_SQL
                                : quote(e.getValue()))
                        + ", " + local + ")")
                .collect(Collectors.joining(", ", "SELECT ", ""));
    }

    /** One SELECT of what is in force, in the order of the names. */
    public String inForceSql() {
        return values.keySet().stream()
                .map(n -> "pg_catalog.current_setting(" + quote(n) + ")")
                .collect(Collectors.joining(", ", "SELECT ", ""));
    }

    /** For JDBC: a question mark of a value is not a parameter within a literal. */
    private static String quote(String text) {
        String doubled = text.replace("'", "''");
        return text.indexOf('\\') >= 0 ? "E'" + doubled.replace("\\", "\\\\") + "'" : "'" + doubled + "'";
    }
}
