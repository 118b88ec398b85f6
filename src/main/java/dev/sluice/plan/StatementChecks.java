package dev.sluice.plan;

import dev.sluice.batch.BatchSql;
import dev.sluice.batch.BatchStatement;
import dev.sluice.batch.RowWork;
import dev.sluice.checkpoint.Claim;
import dev.sluice.database.Database;
import dev.sluice.database.SqlFailure;
import dev.sluice.job.Shape;
import dev.sluice.plan.Explained.Scan;
import dev.sluice.plan.PlanReport.Statement;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableFacts.Leaf;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jooq.Record;
import org.jspecify.annotations.Nullable;

/**
 * EXPLAINs the very statements that batches send, with values and as the server's generic plan, and refuses those that
 * read a whole table each time.
 */
final class StatementChecks {
    /** rows from which reading all of a table in every batch is refused */
    static final long BIG = 10_000;
    /** bytes that stand for that many rows where the table was never analysed */
    private static final long BIG_BYTES = 1 << 20;

    private static final String SIZE = """
            SELECT CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_relation_size(c.oid) ELSE 0 END AS bytes,
                   c.reltuples::bigint AS rows
              FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = ? AND c.relname = ?""";

    /** A row where the table is partitioned by ranges of a key that begins with this column. */
    private static final String PRUNES = """
            SELECT 1 FROM pg_catalog.pg_partitioned_table p
              JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
             WHERE p.partrelid = CAST(? AS regclass) AND p.partstrat = 'r' AND a.attname = ?""";

    private final Subject subject;
    private final Findings findings;
    private final PlanServer server;
    private final Database database;
    private final List<Statement> statements = new ArrayList<>();

    StatementChecks(Subject subject, Findings findings, PlanServer server, Database database) {
        this.subject = subject;
        this.findings = findings;
        this.server = server;
        this.database = database;
    }

    /**
     * Looks at the statements of one leaf.
     *
     * @param leaf whose statements they are
     * @param change what batches do
     * @param look what verification does; null where there is nothing to look at
     * @return each statement with its plan
     */
    List<Statement> run(Leaf leaf, RowWork change, RowWork.@Nullable Look look) {
        String key = "migrate." + subject.shapeName();
        Claim begin = Trials.claim(leaf, null, null);
        Claim later = Trials.claim(leaf, new LeafKeys(server, subject.facts(), leaf).firstKey(), null);
        explain("first batch", key, change, leaf, begin, true);
        explain("batch", key, change, leaf, later, false);
        if (look != null) {
            String verify = subject.job().verify().isPresent() ? "switch.verify" : key;
            explain("verification", verify, look, leaf, later, later.position().cursor() == null);
        }
        if (subject.job().migrate().shape() instanceof Shape.Sql) {
            everyPartition();
        }
        return statements;
    }

    /**
     * A statement of one's own names the partitioned table, and no condition on {@code tableoid} keeps the planner from
     * visiting the other partitions; only the range of a key that begins with the partition key does.
     */
    private void everyPartition() {
        int leaves = subject.facts().leaves().size();
        String first = subject.facts().key().get(0).name();
        if (leaves < 2 || database.sql().fetchOne(PRUNES, subject.facts().name().sql(), first) != null) {
            return;
        }
        findings.warn(
                "visits-every-partition",
                "migrate.sql",
                "Every batch of the statement looks for its keys in all " + leaves + " partitions of "
                        + subject.facts().name()
                        + ", as the key does not begin with the partition key: the run takes about " + leaves
                        + " times as many index look-ups as it needs.",
                "use set, insert or delete, whose batches go to one partition each; make the partition key the first"
                        + " column of migrate.key; or write one job a partition, with the partition as its table.");
    }

    /** Looks at the statement that walks the filled table for orphans. */
    List<Statement> run(Leaf leaf, RowWork.Look orphans) {
        Claim later = Trials.claim(leaf, new LeafKeys(server, subject.facts(), leaf).firstKey(), null);
        explain(
                "orphans",
                "migrate.insert.orphans",
                orphans,
                leaf,
                later,
                later.position().cursor() == null);
        return statements;
    }

    private void explain(String name, String key, RowWork work, Leaf leaf, Claim claim, boolean fromStart) {
        BatchStatement statement =
                BatchSql.of(work, subject.facts(), leaf.name().sql(), fromStart);
        int size = subject.job().migrate().batch().size();
        try {
            judge(name, key, server.genericPlan(statement), leaf);
            if (fromStart || claim.position().cursor() != null) {
                judge(name, key, server.plan(statement, claim, size), leaf);
                statements.add(new Statement(name, statement.sql(), server.planText(statement, claim, size)));
            }
        } catch (SQLException e) {
            SqlFailure failure = server.blamed(e);
            String code = failure.sqlState().equals("42501") ? "missing-privilege" : "sql-refused";
            findings.refuse(
                    code,
                    key,
                    "The server refuses the statement of the " + name + " with " + failure.sqlState() + ": "
                            + failure.message() + ".",
                    failure.hint() == null ? "correct the job's SQL, or grant what is missing." : failure.hint());
        }
    }

    private void judge(String name, String key, Explained plan, Leaf leaf) {
        for (Scan scan : plan.scans()) {
            if (scan.table().schema().equals("sluice")) {
                continue;
            }
            if (isWalked(scan)) {
                walked(name, key, scan, leaf);
            } else if (scan.whole() && isBig(scan.table())) {
                other(name, key, scan);
            }
        }
        if (subject.job().migrate().shape() instanceof Shape.Sql sql) {
            alias(sql, plan);
        }
    }

    private boolean isWalked(Scan scan) {
        String alias = subject.job().migrate().shape() instanceof Shape.Sql sql
                ? sql.alias()
                : subject.facts().name().name();
        boolean own = scan.alias().equals(alias)
                || scan.alias().equals(subject.facts().name().name());
        return own && walkedTables().contains(scan.table());
    }

    private Set<TableName> walkedTables() {
        Set<TableName> tables = new HashSet<>();
        tables.add(subject.facts().name());
        subject.facts().leaves().forEach(l -> tables.add(l.name()));
        return tables;
    }

    private void walked(String name, String key, Scan scan, Leaf leaf) {
        String first = subject.facts().key().get(0).name();
        if (scan.whole()) {
            findings.refuse(
                    "scans-table",
                    key,
                    "The " + name + " reads all of " + scan.table() + " (" + scan.node()
                            + " without an index condition).",
                    "see that index \"" + subject.facts().keyIndex()
                            + "\" is valid, and that nothing in the SQL hides the key range.");
        } else if (!scan.limited() && !scan.condition().contains(first) && leaf.estimatedRows() > BIG) {
            findings.warn(
                    "other-index",
                    key,
                    "The " + name + " reads " + scan.table() + " by another index than the key's: " + scan.condition()
                            + ".",
                    "run ANALYZE " + scan.table().sql() + ", and look at the plan again.");
        }
    }

    /** The alias of {@code {batch:alias}} may be a table that only happens to have the same key columns. */
    private void alias(Shape.Sql sql, Explained plan) {
        plan.scans().stream()
                .filter(s -> s.alias().equals(sql.alias()) && !walkedTables().contains(s.table()))
                .findFirst()
                .ifPresent(s -> findings.refuse(
                        "wrong-alias",
                        "migrate.sql",
                        "{batch:" + sql.alias() + "} stands for " + s.table() + ", but the job walks "
                                + subject.facts().name() + ".",
                        "name the alias of " + subject.facts().name() + ", or make migrate.table " + s.table() + "."));
    }

    private void other(String name, String key, Scan scan) {
        Matcher compared = Pattern.compile(
                        "\\b" + Pattern.quote(scan.alias()) + "\\.(\"[^\"]+\"|[a-z_]\\w*)\\)?(?:::[a-z ]+)? = "
                                + "|= \\(?" + Pattern.quote(scan.alias()) + "\\.(\"[^\"]+\"|[a-z_]\\w*)")
                .matcher(scan.filter());
        String fix = "give the SQL a condition that an index of " + scan.table() + " can answer.";
        if (compared.find()) {
            String column = compared.group(1) == null ? compared.group(2) : compared.group(1);
            fix = "CREATE INDEX CONCURRENTLY ON " + scan.table().sql() + " (" + column + ");";
        }
        findings.refuse(
                "scans-other-table",
                key,
                "The " + name + " reads all of " + scan.table() + " every time (" + scan.node() + ").",
                fix);
    }

    private boolean isBig(TableName table) {
        Record size = database.sql().fetchOne(SIZE, table.schema(), table.name());
        if (size == null) {
            return false;
        }
        long rows = size.get("rows", long.class);
        return rows > BIG || (rows <= 0 && size.get("bytes", long.class) > BIG_BYTES);
    }
}
