package dev.sluice.execution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.checkpoint.Checkpoints;
import dev.sluice.checkpoint.DesiredState;
import dev.sluice.checkpoint.Pass;
import dev.sluice.checkpoint.Tuning;
import dev.sluice.database.Database;
import dev.sluice.partition.Ranges;
import dev.sluice.run.RunStatus;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableInspection;
import dev.sluice.testing.TestEngine;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A worker died when it had begun the first pass and had not yet written that the run is running. */
class DiedWhileBeginningTest {
    @Test
    void theNextWorkerNotesWhatTheFirstDidNot() throws Exception {
        try (TestEngine engine = TestEngine.create()) {
            engine.db()
                    .run(
                            "CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                            "INSERT INTO t SELECT generate_series(1, 500)",
                            "ANALYZE t");
            UUID run = engine.queue(TestEngine.job("job: plus\nmigrate: { table: t, set: { n: n + 1 } }"))
                    .id();
            Database database = engine.databases().get("main");
            new DesiredState(database)
                    .create(
                            run,
                            "plus",
                            "fingerprint",
                            new Tuning(200, 1000, null),
                            database.identity(),
                            database.defaults());
            var facts = TableInspection.inspect(database, new TableName("public", "t"), List.of());
            new Checkpoints(database).begin(run, 0, Pass.Kind.MIGRATE, null, Ranges.of(database, facts, 1), 1);

            RunStatus ended = engine.execute(run);

            assertThat(ended.state()).isEqualTo("succeeded");
            assertThat(engine.db().value("SELECT count(*) FROM t WHERE n = 1")).isEqualTo("500");
            assertThat(ended.startedAt()).isNotNull();
            assertThat(ended.progress().estimatedRows()).isEqualTo(500);
            assertThat(engine.db().value("SELECT system_identifier FROM sluice.run"))
                    .isEqualTo(database.identity().systemIdentifier());
        }
    }
}
