package dev.sluice.batch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.checkpoint.Claim;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * How the server really carried out a batch: the statement is sent as the engine sends it, bound by the driver, and the
 * server's {@code auto_explain} tells the plan it used, with the rows that went through it. The batch is rolled back.
 *
 * @param scans of the walked relations
 */
record ExecutedPlan(List<Scan> scans) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * One place where rows of a relation are read.
     *
     * @param node such as {@code Index Scan}
     * @param relation that is read
     * @param condition what the index is asked for; empty when all of it is read
     * @param rows read: those that were passed on, and those that were read in vain
     * @param blocks of the buffer cache that were looked at
     */
    record Scan(String node, String relation, String condition, double rows, long blocks) {}

    /** Has the server tell the plans of this session. */
    static void tellPlans(Connection connection) throws SQLException {
        try (Statement s = connection.createStatement()) {
            s.execute("LOAD 'auto_explain'");
            s.execute("SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on;"
                    + " SET auto_explain.log_buffers = on; SET auto_explain.log_timing = off;"
                    + " SET auto_explain.log_format = json; SET auto_explain.log_level = notice");
        }
    }

    /**
     * Does a batch and rolls it back.
     *
     * @param relations whose scans are wanted, by their bare names
     */
    static ExecutedPlan of(
            Connection connection, BatchStatement statement, Claim claim, BatchRequest request, Set<String> relations)
            throws SQLException, IOException {
        connection.setAutoCommit(false);
        try (PreparedStatement s = statement.prepare(connection, claim, request)) {
            try (var row = s.executeQuery()) {
                if (!row.next() || row.getInt("scanned") != request.keys() / request.stripes()) {
                    throw new IllegalStateException("the batch did not walk its keys of " + request);
                }
            }
            for (SQLWarning w = s.getWarnings(); w != null; w = w.getNextWarning()) {
                String told = String.valueOf(w.getMessage());
                int json = told.indexOf('{');
                if (told.startsWith("duration:") && json > 0) {
                    List<Scan> scans = new ArrayList<>();
                    collect(JSON.readTree(told.substring(json)).path("Plan"), relations, scans);
                    return new ExecutedPlan(List.copyOf(scans));
                }
            }
            throw new IllegalStateException("the server told no plan");
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
        }
    }

    private static void collect(JsonNode node, Set<String> relations, List<Scan> scans) {
        String type = node.path("Node Type").asText();
        String relation = node.path("Relation Name").asText();
        if (type.endsWith("Scan") && relations.contains(relation)) {
            double loops = node.path("Actual Loops").asDouble();
            double each = node.path("Actual Rows").asDouble()
                    + node.path("Rows Removed by Filter").asDouble()
                    + node.path("Rows Removed by Index Recheck").asDouble();
            StringBuilder condition = new StringBuilder(node.path("Index Cond").asText());
            node.path("Plans")
                    .forEach(child -> condition.append(child.path("Index Cond").asText()));
            scans.add(new Scan(
                    type,
                    relation,
                    condition.toString(),
                    each * loops,
                    node.path("Shared Hit Blocks").asLong()
                            + node.path("Shared Read Blocks").asLong()));
        }
        node.path("Plans").forEach(child -> collect(child, relations, scans));
    }
}
