package dev.sluice.execution;

import dev.sluice.database.Database;
import dev.sluice.table.TableFacts;

/** How many rows a table has, as the planner sees it: good without statistics too, from the file's size. */
final class Estimate {
    private Estimate() {}

    static long rows(Database database, TableFacts facts) {
        String plan = database.sql()
                .fetchSingle("EXPLAIN (FORMAT JSON) SELECT FROM " + facts.name().sql())
                .get(0, String.class);
        int at = plan.indexOf("\"Plan Rows\":");
        String rest = plan.substring(at + "\"Plan Rows\":".length());
        return Long.parseLong(rest.substring(0, rest.indexOf(',')).strip());
    }
}
