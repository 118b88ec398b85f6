package dev.sluice.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.sluice.plan.PlanReport.Finding;
import dev.sluice.sql.TableName;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * The dry run on tables of the shapes that real servers have, where their script is at hand;
 * {@code -Dsluice.table-shapes} names it. Each job sets one column that is not in the key to itself.
 */
class TableShapesTest {
    private static final Path SCRIPT =
            Path.of(System.getProperty("sluice.table-shapes", "../shared/data/table-shapes.sql"));

    /** Each table with its columns and its unique keys, the primary one first; a test of its own, by other means. */
    private static final String TABLES = """
            SELECT n.nspname, c.relname,
                   ARRAY(SELECT a.attname::text FROM pg_attribute a
                          WHERE a.attrelid = c.oid AND a.attnum > 0 ORDER BY a.attnum) AS columns,
                   ARRAY(SELECT (SELECT string_agg(a.attname, ' ' ORDER BY a.attname) FROM pg_attribute a
                                  WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey))
                           FROM pg_index i
                          WHERE i.indrelid = c.oid AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL
                            AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid
                                             AND a.attnum = ANY (i.indkey) AND NOT a.attnotnull)
                          ORDER BY NOT i.indisprimary) AS keys,
                   EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) AS has_primary
              FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind = 'r' AND n.nspname LIKE 'shapes%' ORDER BY 1, 2""";

    private record Table(TableName name, List<String> columns, List<Set<String>> keys, boolean primary) {
        /** One that is in no key that the walk may take; empty where there is none. */
        List<String> free() {
            Set<String> taken = keys.isEmpty() ? Set.of() : new HashSet<>(keys.getFirst());
            return columns.stream().filter(c -> !taken.contains(c)).toList();
        }

        boolean several() {
            return !primary && new HashSet<>(keys).size() > 1;
        }
    }

    @Test
    void everyTableWithAKeyCanBePlanned() throws Exception {
        assumeThat(SCRIPT).isRegularFile();
        try (PlanBench bench = new PlanBench()) {
            bench.postgres.run(Files.readString(SCRIPT));
            List<Table> tables = tables(bench);
            assertThat(tables).hasSize(247);
            int runnable = 0;
            int byUniqueIndex = 0;
            int told = 0;
            List<String> wrong = new ArrayList<>();
            long began = System.nanoTime();
            for (Table table : tables) {
                if (table.several()) {
                    told++;
                    wrong.addAll(told(bench, table));
                } else if (table.keys().isEmpty()) {
                    refused(bench.plan(job(table, "", table.columns().getFirst())), table, "no-primary-key", wrong);
                } else if (table.free().isEmpty()) {
                    refused(bench.plan(job(table, "", table.columns().getFirst())), table, "key-changes", wrong);
                } else {
                    PlanReport plan = bench.plan(job(table, "", table.free().getFirst()));
                    runnable(plan, table, wrong);
                    runnable++;
                    if (plan.findings().stream().anyMatch(f -> f.code().equals("key-chosen"))) {
                        byUniqueIndex++;
                    }
                }
            }
            System.out.println("TableShapesTest: " + runnable + " tables can run (" + byUniqueIndex
                    + " by their only unique index), " + told + " were told their keys, in "
                    + Duration.ofNanos(System.nanoTime() - began).toMillis() + " ms");
            assertThat(wrong).isEmpty();
            assertThat(byUniqueIndex)
                    .isEqualTo(tables.stream()
                            .filter(t -> !t.primary()
                                    && !t.several()
                                    && !t.keys().isEmpty()
                                    && !t.free().isEmpty())
                            .count());
        }
    }

    /** The message names every key; each of them, written as it says, will do. */
    private static List<String> told(PlanBench bench, Table table) {
        List<String> wrong = new ArrayList<>();
        PlanReport plan = bench.plan(job(
                table,
                "",
                table.free().isEmpty()
                        ? table.columns().getFirst()
                        : table.free().getFirst()));
        refused(plan, table, "several-unique-indexes", wrong);
        String fix = plan.findings().getFirst().fix();
        for (Set<String> key : table.keys()) {
            String line = fix.lines()
                    .flatMap(l -> Arrays.stream(l.split(" or ")))
                    .filter(l -> l.contains("key: [") && names(l).equals(key))
                    .findFirst()
                    .orElse("");
            if (line.isEmpty()) {
                wrong.add(table.name() + ": " + key + " is not told: " + fix);
            }
            List<String> free =
                    table.columns().stream().filter(c -> !key.contains(c)).toList();
            if (!line.isEmpty() && !free.isEmpty()) {
                String yaml = line.substring(line.indexOf("key: ["), line.indexOf(']') + 1);
                runnable(bench.plan(job(table, yaml + "\n", free.getFirst())), table, wrong);
            }
        }
        return wrong;
    }

    private static Set<String> names(String line) {
        return Arrays.stream(
                        line.substring(line.indexOf('[') + 1, line.indexOf(']')).split(", "))
                .collect(Collectors.toSet());
    }

    private static dev.sluice.job.Job job(Table table, String key, String column) {
        return PlanBench.job("table: " + table.name() + "\n" + key + "set: { " + column + ": " + column + " }\nwhere: "
                + column + " IS NOT NULL");
    }

    private static void runnable(PlanReport plan, Table table, List<String> wrong) {
        if (!plan.runnable()) {
            wrong.add(table.name() + ": " + refusals(plan));
        }
    }

    private static void refused(PlanReport plan, Table table, String code, List<String> wrong) {
        if (!refusals(plan).stream().map(Finding::code).toList().equals(List.of(code))) {
            wrong.add(table.name() + ": not " + code + " but " + refusals(plan));
        }
    }

    private static List<Finding> refusals(PlanReport plan) {
        return plan.findings().stream().filter(f -> f.level().equals("refuse")).toList();
    }

    private static List<Table> tables(PlanBench bench) throws SQLException {
        List<Table> tables = new ArrayList<>();
        try (Connection c = bench.postgres.connect();
                Statement s = c.createStatement();
                ResultSet r = s.executeQuery(TABLES)) {
            while (r.next()) {
                tables.add(new Table(
                        new TableName(r.getString(1), r.getString(2)),
                        List.of((String[]) r.getArray(3).getArray()),
                        Arrays.stream((String[]) r.getArray(4).getArray())
                                .map(k -> Set.of(k.split(" ")))
                                .toList(),
                        r.getBoolean(5)));
            }
        }
        return tables;
    }
}
