package dev.sluice.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.batch.BatchSql.Form;
import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.Position;
import dev.sluice.job.Shape;
import dev.sluice.partition.NextKey;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableFacts;
import dev.sluice.testing.TestTarget;
import java.sql.Array;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * On large tables every batch reads about as many rows as it has keys: by an index range that is bounded on both sides,
 * with a plan for these values and with one for any, with statistics that are old and with fresh ones, early in the
 * table and late. The sessions of a worker forbid sequential scans; for keys in the heap's order it holds without that,
 * too.
 */
class BatchPlanTest {
    private static final int SIZE = 5_000;
    private static final int STRIPES = 8;

    private static TestTarget target;
    private static Connection session;

    /**
     * The tables; each has one row per key, an {@code n}, and autovacuum off, so that statistics are as the test wants.
     */
    enum Large {
        BIGINT(1_000_000, "id bigint PRIMARY KEY", "", "g", true),
        // a key in random order and a composite one: without the setting, the first batch reads the whole table
        UUID_KEY(300_000, "id uuid PRIMARY KEY", "", "gen_random_uuid()", false),
        // few values in the first column: a bound on it alone would read 100,000 rows
        COMPOSITE(300_000, "a int, b text, PRIMARY KEY (a, b)", "", "g / 100000, md5(g::text) || md5(g::text)", false),
        PARTITIONED(300_000, "id bigint PRIMARY KEY", "PARTITION BY HASH (id)", "g", true);

        final int rows;
        final String columns;
        final String storage;
        final String values;
        final boolean walkedWithoutTheSetting;

        Large(int rows, String columns, String storage, String values, boolean walkedWithoutTheSetting) {
            this.rows = rows;
            this.columns = columns;
            this.storage = storage;
            this.values = values;
            this.walkedWithoutTheSetting = walkedWithoutTheSetting;
        }

        String table() {
            return "large_" + name().toLowerCase(java.util.Locale.ROOT);
        }

        String key() {
            return this == COMPOSITE ? "a, b" : "id";
        }
    }

    @BeforeAll
    static void start() throws SQLException {
        target = TestTarget.create(Duration.ofSeconds(30));
        session = target.database().pool().getConnection();
        ExecutedPlan.tellPlans(session);
        set("search_path = public");
    }

    @AfterAll
    static void stop() throws SQLException {
        session.close();
        target.close();
    }

    @Test
    void theSessionsOfAWorkerForbidSequentialScans() throws SQLException {
        try (Connection fresh = target.database().pool().getConnection();
                Statement s = fresh.createStatement();
                var row = s.executeQuery("SHOW enable_seqscan")) {
            row.next();
            assertThat(row.getString(1)).isEqualTo("off");
        }
    }

    @ParameterizedTest
    @EnumSource
    void batchesAreIndexRanges(Large large) throws Exception {
        make(large, 1, 1000);
        target.db().run("ANALYZE " + large.table());
        fill(large, 1001, large.rows);
        TableFacts facts = target.facts(large.table());
        List<Claim> places = places(facts, false);
        List<Claim> inRanges = places(facts, true);
        for (String statistics : List.of("of the first 1,000 rows", "fresh")) {
            if (statistics.equals("fresh")) {
                target.db().run("ANALYZE " + large.table());
            }
            for (String plans : List.of("force_custom_plan", "force_generic_plan")) {
                for (String seqScans : large.walkedWithoutTheSetting ? List.of("off", "on") : List.of("off")) {
                    set("plan_cache_mode = " + plans);
                    set("enable_seqscan = " + seqScans);
                    String setting =
                            large + ", statistics " + statistics + ", " + plans + ", enable_seqscan " + seqScans;
                    for (var work : works(large).entrySet()) {
                        for (Claim claim : places) {
                            check(facts, claim, work.getKey(), work.getValue(), Form.WHOLE, plans, setting);
                        }
                        if (work.getValue().stripes()) {
                            for (Claim claim : places) {
                                check(facts, claim, "stripe 0", work.getValue(), Form.OPENING, plans, setting);
                            }
                            for (Claim claim : inRanges) {
                                check(facts, claim, "stripe 3", work.getValue(), Form.FURTHER, plans, setting);
                            }
                        }
                    }
                }
            }
        }
    }

    private static void check(
            TableFacts facts, Claim claim, String name, RowWork work, Form form, String plans, String setting)
            throws Exception {
        String what = name + " after " + Position.text(claim.position().cursor()) + ", " + setting;
        boolean first = claim.position().cursor() == null;
        Set<String> leaves = facts.leaves().stream().map(l -> l.name().name()).collect(Collectors.toSet());
        BatchStatement statement = BatchSql.of(form, work, facts, claim.relation(), first);
        ExecutedPlan plan = ExecutedPlan.of(session, statement, claim, ask(form), leaves);
        assertThat(plan.scans()).as(what).isNotEmpty().allSatisfy(scan -> {
            assertThat(scan.node()).isIn("Index Scan", "Index Only Scan", "Bitmap Heap Scan");
            assertThat(scan.condition()).contains("<=");
            if (!first) {
                assertThat(scan.condition()).containsPattern(">[^=]");
                // a generic plan compares with a parameter, a custom one with the value itself
                assertThat(scan.condition())
                        .containsPattern(
                                plans.equals("force_generic_plan") ? "> (ROW)?\\(*\\$\\d" : "> (ROW\\()?['\\d]");
            }
            assertThat(scan.rows()).as("rows read by " + scan).isLessThanOrEqualTo(SIZE);
            assertThat(scan.blocks()).as("blocks read by " + scan).isLessThanOrEqualTo(10L * SIZE);
        });
        if (!name.equals("sql")) {
            int own = form == Form.FURTHER ? 1 : 3;
            assertThat(plan.scans())
                    .as(what)
                    .hasSize(own + comparing(work))
                    .allSatisfy(scan -> assertThat(claim.relation()).endsWith("\"" + scan.relation() + "\""));
            if (name.equals("set") || name.equals("delete") || name.startsWith("stripe")) {
                // what compares the rows with those that changed reads where a trigger may skip some, and not here
                assertThat(plan.scans().stream().filter(scan -> scan.blocks() > 0))
                        .as(what)
                        .hasSizeLessThanOrEqualTo(own);
            }
        }
    }

    /** Scans that count what was walked and left; see {@code LeftSql}. */
    private static int comparing(RowWork work) {
        if (!(work instanceof RowWork.Change change)) {
            return 0;
        }
        return switch (change.shape()) {
            case Shape.Set ignored -> 2;
            case Shape.Delete ignored -> 2;
            case Shape.Insert insert -> insert.conflict().action() == Shape.Conflict.Action.NOTHING ? 2 : 0;
            case Shape.Sql ignored -> 0;
        };
    }

    private static BatchRequest ask(Form form) {
        return new BatchRequest(SIZE, form == Form.WHOLE ? 1 : STRIPES);
    }

    private static Map<String, RowWork> works(Large large) {
        Map<String, RowWork> works = new LinkedHashMap<>();
        works.put("set", new RowWork.Change(TestTarget.set("n", "n + 1"), Optional.of("n = 0")));
        works.put("delete", new RowWork.Change(new Shape.Delete(), Optional.of("n = 0")));
        Map<String, String> columns = new LinkedHashMap<>();
        List.of(large.key().split(", ")).forEach(k -> columns.put(k, k));
        columns.put("n", "n * 2");
        works.put(
                "insert",
                new RowWork.Change(
                        new Shape.Insert(
                                new TableName("public", "into_" + large.table()),
                                columns,
                                new Shape.Conflict(List.of(large.key().split(", ")), Shape.Conflict.Action.UPDATE),
                                false),
                        Optional.of("n = 0")));
        works.put("look", new RowWork.Look("n = 0", Optional.of("n IS NULL")));
        if (large != Large.PARTITIONED) {
            String sql = "UPDATE " + large.table() + " AS x SET n = n + 1 WHERE {batch:x} AND n = 0";
            works.put("sql", new RowWork.Change(new Shape.Sql(sql, "x"), Optional.empty()));
        }
        return works;
    }

    /**
     * At the start, early, in the middle and late in the first leaf, each with a checkpoint of its own.
     *
     * @param inRange whether stripe 3 of a range is next, or a range begins
     */
    private static List<Claim> places(TableFacts facts, boolean inRange) throws SQLException {
        TableName first = facts.leaves().getFirst().name();
        long rows = Long.parseLong(target.db().value("SELECT count(*) FROM " + first.sql()));
        List<Claim> places = new ArrayList<>();
        for (double share : new double[] {0, 0.0005, 0.5, 0.9}) {
            Claim claim = target.claim(target.begun(facts));
            List<String> cursor = share == 0
                    ? null
                    : NextKey.of(target.database(), facts, claim.relation(), null, (int) (rows * share))
                            .orElseThrow();
            List<String> end = NextKey.of(target.database(), facts, claim.relation(), cursor, SIZE)
                    .orElseThrow();
            Position position = inRange ? new Position(cursor, end, STRIPES, 3) : Position.after(cursor);
            stand(claim, position);
            places.add(claim.at(position));
        }
        return places;
    }

    private static void stand(Claim claim, Position position) throws SQLException {
        try (Connection c = target.db().connect();
                var s = c.prepareStatement("UPDATE sluice.checkpoint SET cursor_key = ?, range_end = ?, stripes = ?,"
                        + " stripe = ?, range_keys = ? WHERE run_id = ? AND partition = 0")) {
            s.setArray(1, array(c, position.cursor()));
            s.setArray(2, array(c, position.rangeEnd()));
            s.setInt(3, position.stripes());
            s.setInt(4, position.stripe());
            s.setInt(5, SIZE);
            s.setObject(6, claim.id().run());
            s.executeUpdate();
        }
    }

    private static @Nullable Array array(Connection c, @Nullable List<String> key) throws SQLException {
        return key == null ? null : c.createArrayOf("text", key.toArray());
    }

    private static void make(Large large, int from, int to) {
        target.db()
                .run("CREATE TABLE " + large.table() + " (n int NOT NULL DEFAULT 0, " + large.columns + ") "
                        + large.storage);
        if (large == Large.PARTITIONED) {
            for (int i = 0; i < 3; i++) {
                target.db()
                        .run("CREATE TABLE " + large.table() + "_" + i + " PARTITION OF " + large.table()
                                + " FOR VALUES WITH (MODULUS 3, REMAINDER " + i
                                + ") WITH (autovacuum_enabled = false)");
            }
        } else {
            target.db().run("ALTER TABLE " + large.table() + " SET (autovacuum_enabled = false)");
        }
        target.db().run("CREATE TABLE into_" + large.table() + " (n int NOT NULL DEFAULT 0, " + large.columns + ")");
        fill(large, from, to);
    }

    private static void fill(Large large, int from, int to) {
        target.db()
                .run("INSERT INTO " + large.table() + " (" + large.key() + ") SELECT " + large.values
                        + " FROM generate_series(" + from + ", " + to + ") g");
    }

    private static void set(String setting) throws SQLException {
        try (Statement s = session.createStatement()) {
            s.execute("SET " + setting);
        }
    }
}
