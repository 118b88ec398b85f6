package dev.sluice.execution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.run.Evidence;
import dev.sluice.run.GateInput;
import dev.sluice.run.RunStatus;
import dev.sluice.testing.TestEngine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EngineTest {
    private TestEngine engine;

    @BeforeEach
    void start() {
        engine = TestEngine.create();
    }

    @AfterEach
    void stop() {
        engine.close();
    }

    @Test
    void aSetWithoutWhereChangesEveryRowOnce() throws Exception {
        engine.db()
                .run(
                        "CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                        "INSERT INTO t SELECT g * 3 FROM generate_series(1, 10000) g");
        RunStatus run = engine.run("job: plus\nmigrate: { table: t, set: { n: n + 1 }, batch: { size: 700 } }");
        assertThat(run.failure()).isNull();
        assertThat(run.state()).isEqualTo("succeeded");
        assertThat(engine.db().value("SELECT count(*) FROM t WHERE n = 1")).isEqualTo("10000");
        assertThat(run.progress().changed()).isEqualTo(10000);
    }

    @Test
    void anEqualityJobOnACompositeKeyIsVerified() throws Exception {
        engine.db()
                .run(
                        "CREATE TABLE t (a int, b text COLLATE \"C\", f text, g text, PRIMARY KEY (a, b))",
                        "INSERT INTO t (a, b, f) SELECT x / 7, 'k' || x, 'v' || x FROM generate_series(1, 5000) x");
        RunStatus run = engine.run("job: copy\nmigrate: { table: t, set: { g: \"f || '?'\" }, where: g IS NULL }");
        assertThat(run.failure()).isNull();
        assertThat(run.state()).isEqualTo("succeeded");
        assertThat(engine.db().value("SELECT count(*) FROM t WHERE g = f || '?'"))
                .isEqualTo("5000");
        assertThat(engine.runs().newest("copy").map(GateInput::evidence).map(Evidence::verification))
                .contains("equality");
    }

    @Test
    void partitionedInsertDeleteAndSql() throws Exception {
        engine.db()
                .run(
                        "CREATE TABLE s (id uuid, d date, v int, PRIMARY KEY (d, id)) PARTITION BY RANGE (d)",
                        "CREATE TABLE s1 PARTITION OF s FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
                        "CREATE TABLE s2 PARTITION OF s FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')",
                        "INSERT INTO s SELECT gen_random_uuid(), '2026-01-01'::date + (x % 59), x FROM generate_series(1, 6000) x",
                        "CREATE TABLE o (id uuid PRIMARY KEY, twice numeric(10,1))");
        RunStatus insert = engine.run("""
                job: fill
                migrate:
                  table: s
                  insert: { into: o, columns: { id: id, twice: v * 2 }, conflict: { columns: [id], do: update }, orphans: allow }
                """);
        assertThat(insert.failure()).isNull();
        assertThat(insert.state()).isEqualTo("succeeded");
        assertThat(engine.db().value("SELECT count(*) FROM o JOIN s USING (id) WHERE twice = v * 2"))
                .isEqualTo("6000");
        RunStatus sql = engine.run("""
                job: custom
                migrate:
                  table: s
                  sql: UPDATE s AS x SET v = -v WHERE {batch:x} AND v > 0
                  where: v > 0
                """);
        assertThat(sql.failure()).isNull();
        assertThat(sql.state()).isEqualTo("succeeded");
        assertThat(engine.db().value("SELECT count(*) FROM s WHERE v < 0")).isEqualTo("6000");
        RunStatus delete = engine.run("job: purge\nmigrate: { table: s, delete: true, where: v < -3000 }");
        assertThat(delete.failure()).isNull();
        assertThat(delete.state()).isEqualTo("succeeded");
        assertThat(engine.db().value("SELECT count(*) FROM s")).isEqualTo("3000");
    }
}
