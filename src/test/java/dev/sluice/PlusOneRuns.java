package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.TestPostgres;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Tables whose every row is to be changed once, by runs of {@code set: {n: "n + 1"}} without {@code where}: a row that
 * was lost has 0, one that was doubled has 2. Their keys are a bigint, a uuid and a composite one in turn. A trigger
 * makes each changed row take its time, so that faults fall into batches in flight.
 */
final class PlusOneRuns {
    /** As many tables have every kind of key among them. */
    static final int KINDS = 3;

    private static final int STRIPES = 8;

    private static final int PARTITIONS = 3;

    private final Cluster cluster;
    private final TestPostgres.Fresh db;
    private final int rows;
    private final List<Begun> begun = new ArrayList<>();

    private record Begun(String table, UUID run) {}

    /**
     * @param cluster whose workers run the jobs
     * @param rows of each table
     */
    PlusOneRuns(Cluster cluster, int rows) {
        this.cluster = cluster;
        this.db = cluster.db();
        this.rows = rows;
    }

    /** From now on each changed row takes so many milliseconds more. */
    void slow(int perRow) {
        db.run("CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                + (perRow == 0 ? "" : "PERFORM pg_sleep(" + perRow / 1e3 + "); ") + "RETURN NEW; END $$");
    }

    int count() {
        return begun.size();
    }

    long rowsInAll() {
        return (long) begun.size() * rows;
    }

    /** Makes the next table and begins its run. */
    void begin() throws IOException {
        String kind = List.of("bigint", "uuid", "both").get(begun.size() % KINDS);
        String table = "by_" + kind + "_" + (begun.size() / KINDS + 1);
        make(kind, table);
        String job = table.replace('_', '-');
        cluster.job(
                job,
                "job: " + job + "\nmigrate: { table: " + table + ", set: { n: \"n + 1\" }, partitions: " + PARTITIONS
                        + ", stripes: " + STRIPES
                        + ", batch: { target: 200ms, size: 50 }, throttle: off }\n");
        String found = "FROM sluice.run WHERE job = '" + job + "'";
        cluster.post(
                "/api/v1/jobs/" + job + "/runs",
                () -> !db.value("SELECT count(*) " + found).equals("0"));
        begun.add(new Begun(table, UUID.fromString(db.value("SELECT id " + found))));
    }

    private void make(String kind, String table) {
        String key = switch (kind) {
            case "bigint" -> "id bigint PRIMARY KEY";
            case "uuid" -> "id uuid PRIMARY KEY";
            default -> "a bigint, b text, PRIMARY KEY (a, b)";
        };
        String values = switch (kind) {
            case "bigint" -> "(g - " + rows / 2 + ") * 7";
            case "uuid" -> "gen_random_uuid()";
            default -> "g % 97, 'k' || g";
        };
        db.run(
                "CREATE TABLE " + table + " (" + key
                        + ", n int NOT NULL DEFAULT 0, filler text DEFAULT repeat('x', 60))",
                "INSERT INTO " + table + " SELECT " + values + " FROM generate_series(1, " + rows + ") g",
                "CREATE TRIGGER slow BEFORE UPDATE ON " + table + " FOR EACH ROW EXECUTE FUNCTION slow()",
                "ANALYZE " + table);
    }

    /** Those in this state. */
    List<UUID> in(String state) {
        return begun.stream()
                .map(Begun::run)
                .filter(run -> state(run).equals(state))
                .toList();
    }

    /**
     * Those that are not over.
     *
     * @throws AssertionError when one has ended otherwise than well
     */
    List<UUID> live() {
        List<UUID> live = new ArrayList<>();
        for (Begun b : begun) {
            String state = state(b.run);
            assertThat(state)
                    .as(() -> b + ": " + db.value("SELECT failure FROM sluice.run WHERE id = '" + b.run + "'"))
                    .isNotIn("failed", "incomplete");
            if (!state.equals("succeeded")) {
                live.add(b.run);
            }
        }
        return live;
    }

    String state(UUID run) {
        return db.value("SELECT state FROM sluice.run WHERE id = '" + run + "'");
    }

    /** Rows of all tables. */
    long rows(String where) {
        return begun.stream()
                .mapToLong(b -> Long.parseLong(db.value("SELECT count(*) FROM " + b.table + " WHERE " + where)))
                .sum();
    }

    /** Partitions that came about by splitting. */
    long splits() {
        return Long.parseLong(db.value(
                "SELECT count(*) - count(DISTINCT run_id) * " + PARTITIONS + " FROM sluice.checkpoint WHERE pass = 0"));
    }

    /** Every row was changed once, and the checkpoints counted just that. */
    void check() {
        assertThat(rows("n < 1")).as("rows lost").isZero();
        assertThat(rows("n > 1")).as("rows doubled").isZero();
        assertThat(rows("n = 1")).as("rows changed exactly once").isEqualTo(rowsInAll());
        for (Begun b : begun) {
            assertThat(db.value("SELECT sum(scanned) || '/' || sum(changed) FROM sluice.checkpoint WHERE run_id = '"
                            + b.run + "'"))
                    .as("what the checkpoints of %s counted", b.table)
                    .isEqualTo(rows + "/" + rows);
        }
    }
}
