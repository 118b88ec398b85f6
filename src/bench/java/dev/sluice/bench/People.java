package dev.sluice.bench;

import dev.sluice.testing.TestPostgres;
import java.util.List;

/**
 * The table that is filled: rows of about 250 bytes, keys in the order of the heap, the column to be filled empty and
 * in no index.
 *
 * @param rows how many
 * @param indexes secondary ones, 2 or 6
 * @param leaves ranges of the key that it is partitioned into; 0 for a plain table
 */
record People(long rows, int indexes, int leaves) {
    /** What every contender does to each row. */
    static final String EXPRESSION = "first_name || ' ' || last_name";

    /** The table and its leaves. */
    static final String RELATIONS = "SELECT 'app.people'::regclass AS relid"
            + " UNION ALL SELECT inhrelid FROM pg_inherits WHERE inhparent = 'app.people'::regclass";

    private static final List<String> INDEXES = List.of(
            "(email)", "(created_at)", "(last_name, first_name)", "(city)", "(status, created_at)", "(updated_at)");

    /** A plain table. */
    People(long rows, int indexes) {
        this(rows, indexes, 0);
    }

    /** Name of the database that holds a pristine copy. */
    String template() {
        return "people_" + rows + "_" + indexes + "_" + leaves;
    }

    /** Makes it in an empty database. */
    void create(TestPostgres.Fresh database) {
        database.run("CREATE SCHEMA app", """
                CREATE TABLE app.people (
                  id bigint NOT NULL, first_name text NOT NULL, last_name text NOT NULL, email text NOT NULL,
                  city text NOT NULL, status int NOT NULL, created_at timestamptz NOT NULL,
                  updated_at timestamptz NOT NULL, note text NOT NULL, full_name text)""" + (leaves == 0 ? "" : " PARTITION BY RANGE (id)"));
        for (int leaf = 0; leaf < leaves; leaf++) {
            database.run("CREATE TABLE app.people_" + leaf + " PARTITION OF app.people FOR VALUES FROM ("
                    + rows * leaf / leaves + ") TO (" + (rows * (leaf + 1) / leaves + (leaf + 1 == leaves ? 1 : 0))
                    + ")");
        }
        database.run("""
                INSERT INTO app.people
                SELECT i, 'First' || i %% 997, 'Last' || i * 7919 %% 99991, substr(md5(i::text), 1, 16) || '@example.com',
                  'City ' || i * 31 %% 5003, i %% 7, timestamptz '2020-01-01Z' + i * interval '1 second',
                  timestamptz '2024-01-01Z' + i * 7919 %% 9999991 * interval '1 second',
                  repeat(md5(i::text), 3) || substr(md5(i::text), 1, 13), NULL
                FROM generate_series(1::bigint, %d) AS i""".formatted(rows), "ALTER TABLE app.people ADD PRIMARY KEY (id)");
        INDEXES.subList(0, indexes).forEach(columns -> database.run("CREATE INDEX ON app.people " + columns));
        database.run("VACUUM (ANALYZE) app.people");
    }

    /** Fails unless each row was changed, and changed once. */
    void check(TestPostgres.Fresh database, long updates) {
        String wrong = database.value("SELECT count(*) FROM app.people WHERE full_name IS DISTINCT FROM " + EXPRESSION);
        String there = database.value("SELECT count(*) FROM app.people");
        if (!wrong.equals("0") || !there.equals(Long.toString(rows)) || updates != rows) {
            throw new IllegalStateException("of " + rows + " rows " + there + " are there, " + wrong
                    + " are not filled, and " + updates + " updates were made");
        }
    }
}
