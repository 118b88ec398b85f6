package dev.sluice.partition;

import dev.sluice.testing.TestTarget;
import java.time.Duration;

/**
 * Tables that are too large to be walked, made once for all tests of this room that need them. Autovacuum is off, so
 * that statistics are as the test wants.
 */
final class LargeTables {
    static final int ROWS = 1_000_000;

    private static final TestTarget TARGET = create();

    private LargeTables() {}

    /**
     *
     *
     * <ul>
     *   <li>{@code never}: 1,000,000 keys in heap order; the chance of a gap over x is as 1 to x, as in Zipf's law, up
     *       to 100,000; never analysed
     *   <li>{@code analysed}: the same rows, analysed
     *   <li>{@code shuffled}: 400,000 random uuids, never analysed
     *   <li>{@code tenants}: 400,000 keys (tenant, id) of 3 tenants with 90, 9 and 1 percent of the rows, as they came
     *       in over time; never analysed
     * </ul>
     */
    static TestTarget target() {
        return TARGET;
    }

    private static TestTarget create() {
        TestTarget target = TestTarget.create(Duration.ofSeconds(30));
        String off = " WITH (autovacuum_enabled = false)";
        target.db()
                .run(
                        "CREATE TABLE never (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)" + off,
                        "SELECT setseed(0.5)",
                        "INSERT INTO never SELECT sum(1 + floor(1 / (random() + 1e-5))::bigint) OVER (ORDER BY g)"
                                + " FROM generate_series(1, " + ROWS + ") g",
                        "CREATE TABLE analysed (LIKE never INCLUDING ALL)" + off,
                        "INSERT INTO analysed SELECT * FROM never",
                        "SELECT pg_stat_force_next_flush()",
                        "ANALYZE analysed",
                        "CREATE TABLE shuffled (id uuid PRIMARY KEY, n int NOT NULL DEFAULT 0)" + off,
                        "INSERT INTO shuffled SELECT gen_random_uuid() FROM generate_series(1, 400000)",
                        "CREATE TABLE tenants (tenant text COLLATE \"C\", id bigint, n int NOT NULL DEFAULT 0,"
                                + " PRIMARY KEY (tenant, id))" + off,
                        "INSERT INTO tenants SELECT CASE WHEN g % 100 = 0 THEN 'small' WHEN g % 11 = 0 THEN 'middle'"
                                + " ELSE 'big' END, g FROM generate_series(1, 400000) g");
        return target;
    }
}
