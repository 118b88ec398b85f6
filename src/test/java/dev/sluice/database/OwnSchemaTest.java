package dev.sluice.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.problem.Problem;
import dev.sluice.testing.TestPostgres;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many workers that meet on an empty database. */
class OwnSchemaTest {
    private static final int WORKERS = 20;

    @Test
    @Timeout(60)
    void oneOfManyAtOnceMigratesAndNoneFails() throws Exception {
        TestPostgres.Fresh db = TestPostgres.create();
        atOnce(WORKERS, () -> {
            try (Database own = Database.open(DatabaseSettings.of("main", db.url(), db.user(), db.password()))) {
                OwnSchema.migrate(own, true);
            }
            return null;
        });
        for (String part : List.of("target", "control")) {
            String history = "sluice.schema_history_" + part;
            assertThat(db.value("SELECT count(*) - count(DISTINCT script) FROM " + history))
                    .as("migrations of %s done twice", part)
                    .isEqualTo("0");
            assertThat(db.value("SELECT bool_and(success) AND count(*) > 1 FROM " + history))
                    .isEqualTo("t");
        }
    }

    /** It would wait for ever for a database that answers well. */
    @Test
    @Timeout(60)
    void aSchemaOfAnotherBuildIsRefusedInWords() {
        TestPostgres.Fresh db = TestPostgres.create();
        try (Database own = Database.open(DatabaseSettings.of("main", db.url(), db.user(), db.password()))) {
            OwnSchema.migrate(own, true);
            db.run("UPDATE sluice.schema_history_target SET checksum = checksum + 1 WHERE version = '1'");
            assertThatThrownBy(() -> OwnSchema.migrate(own, true)).isInstanceOfSatisfying(Problem.class, p -> {
                assertThat(p.kind()).isEqualTo(Problem.Kind.UNPROCESSABLE);
                assertThat(p.code()).isEqualTo("schema-differs");
                assertThat(p.getMessage()).contains("another build of Sluice", "./sluice dev --fresh");
            });
        }
    }

    /** Nothing but {@code CREATE SCHEMA sluice AUTHORIZATION role} was run for it. */
    @Test
    @Timeout(60)
    void aRoleThatOwnsTheSchemaAloneMigrates() {
        TestPostgres.Fresh db = TestPostgres.create();
        withRole(db, role -> {
            try (Database own = Database.open(DatabaseSettings.of("main", db.url(), role, "least"))) {
                assertThatThrownBy(() -> OwnSchema.migrate(own, true)).isInstanceOfSatisfying(Problem.class, p -> {
                    assertThat(p.code()).isEqualTo("schema-migration-failed");
                    assertThat(p.getMessage())
                            .contains("There is no schema sluice", "CREATE SCHEMA sluice AUTHORIZATION " + role + ";");
                });
                db.run("CREATE SCHEMA sluice AUTHORIZATION " + role);
                OwnSchema.migrate(own, true);
                OwnSchema.migrate(own, true);
                assertThat(db.value("SELECT bool_and(success) FROM sluice.schema_history_control"))
                        .isEqualTo("t");
            }
            // and another worker, whose role may do more, finds it as it should be
            try (Database own = Database.open(DatabaseSettings.of("main", db.url(), db.user(), db.password()))) {
                OwnSchema.migrate(own, true);
            }
        });
    }

    @Test
    @Timeout(60)
    void whatTheRoleLacksIsNamedAndHelpsAsPrinted() {
        TestPostgres.Fresh db = TestPostgres.create();
        withRole(db, role -> {
            db.run("CREATE SCHEMA sluice");
            try (Database own = Database.open(DatabaseSettings.of("main", db.url(), role, "least"))) {
                assertThatThrownBy(() -> OwnSchema.migrate(own, true)).isInstanceOfSatisfying(Problem.class, p -> {
                    assertThat(p.getMessage()).contains("GRANT USAGE, CREATE ON SCHEMA sluice TO " + role + ";");
                    db.run(p.getMessage().substring(p.getMessage().indexOf("GRANT USAGE")));
                });
                OwnSchema.migrate(own, true);
            }
        });
    }

    private static void withRole(TestPostgres.Fresh db, java.util.function.Consumer<String> test) {
        String role = "least_" + ProcessHandle.current().pid();
        db.run("CREATE ROLE " + role + " LOGIN PASSWORD 'least'");
        try {
            test.accept(role);
        } finally {
            db.run("DROP OWNED BY " + role + " CASCADE", "DROP ROLE " + role);
        }
    }

    /** Lets all begin at the same moment; throws what the first of them threw. */
    private static void atOnce(int many, Callable<Void> each) throws Exception {
        var start = new CyclicBarrier(many);
        List<Future<Void>> all = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(many)) {
            for (int i = 0; i < many; i++) {
                all.add(threads.submit(() -> {
                    start.await(30, TimeUnit.SECONDS);
                    return each.call();
                }));
            }
            for (Future<Void> one : all) {
                one.get();
            }
        }
    }
}
