package dev.sluice.plan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.sql.TableName;
import java.util.ArrayList;
import java.util.List;

/**
 * What EXPLAIN says a statement reads.
 *
 * @param scans every scan of a table, in the plan's order
 */
record Explained(List<Scan> scans) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * One scan of a table.
     *
     * @param table which
     * @param alias as the statement names it
     * @param node such as {@code Index Scan}
     * @param condition what the index is asked for; empty when the whole table or index is read
     * @param filter conditions checked on each row, here and in the joins above
     * @param limited whether a LIMIT above ends it early
     */
    record Scan(TableName table, String alias, String node, String condition, String filter, boolean limited) {

        /** Whether it reads all of the table. */
        boolean whole() {
            return condition.isEmpty() && !limited && !node.equals("Tid Scan") && !node.equals("Tid Range Scan");
        }
    }

    /** Reads the answer of {@code EXPLAIN (VERBOSE, FORMAT JSON)}. */
    static Explained of(String json) {
        try {
            List<Scan> scans = new ArrayList<>();
            collect(JSON.readTree(json).path(0).path("Plan"), "", false, scans);
            return new Explained(List.copyOf(scans));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("EXPLAIN did not answer with JSON: " + json, e);
        }
    }

    private static void collect(JsonNode node, String above, boolean limited, List<Scan> scans) {
        String type = node.path("Node Type").asText();
        String filter = String.join(
                " ",
                above,
                node.path("Filter").asText(""),
                node.path("Hash Cond").asText(""),
                node.path("Merge Cond").asText(""),
                node.path("Join Filter").asText(""));
        if (type.endsWith("Scan") && node.has("Relation Name")) {
            String condition = node.path("Index Cond").asText("");
            if (type.equals("Bitmap Heap Scan")) {
                condition = bitmapCondition(node);
            }
            scans.add(new Scan(
                    new TableName(
                            node.path("Schema").asText(),
                            node.path("Relation Name").asText()),
                    node.path("Alias").asText(),
                    type,
                    condition,
                    filter,
                    limited));
        }
        // a LIMIT ends what streams into it; a sort or an aggregate between them reads everything first
        boolean blocks = type.contains("Sort") || type.contains("Aggregate") || type.contains("Hash");
        boolean inner = type.equals("Limit") || (limited && !blocks && !type.equals("ModifyTable"));
        for (JsonNode child : node.path("Plans")) {
            boolean apart = child.path("Parent Relationship").asText().matches("InitPlan|SubPlan");
            collect(child, apart ? "" : filter, !apart && inner, scans);
        }
    }

    private static String bitmapCondition(JsonNode node) {
        StringBuilder found = new StringBuilder();
        for (JsonNode child : node.path("Plans")) {
            found.append(child.path("Index Cond").asText("")).append(bitmapCondition(child));
        }
        return found.toString();
    }
}
