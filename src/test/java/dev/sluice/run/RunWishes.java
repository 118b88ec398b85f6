package dev.sluice.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.job.Job;
import dev.sluice.problem.Problem;
import dev.sluice.testing.HookedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** An engine, and a fresh table for each test of what becomes of a wish for a run. */
abstract class RunWishes {
    private static final AtomicInteger COUNT = new AtomicInteger();
    static final HookedTime TIME = new HookedTime();
    static TestEngine engine;
    String table = "";

    @BeforeAll
    static void start() {
        engine = TestEngine.on(TestPostgres.create(), TIME);
    }

    @AfterAll
    static void stop() {
        engine.close();
    }

    /** 1,000 rows, n = 0, m NULL. */
    @BeforeEach
    void table() {
        TIME.free();
        table = "q" + COUNT.incrementAndGet();
        engine.db()
                .run(
                        "CREATE TABLE " + table + " (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, m int)",
                        "INSERT INTO " + table + " (id) SELECT generate_series(1, 1000)");
    }

    Job plus(String more) {
        return TestEngine.job("job: " + table + "\nmigrate: { table: " + table + ", set: { n: n + 1 }" + more + " }");
    }

    Job fill(String expression) {
        return TestEngine.job("job: " + table + "\nmigrate: { table: " + table + ", set: { m: \"" + expression
                + "\" }, where: m IS NULL, throttle: { rows-per-second: 100 } }");
    }

    long count(String condition) {
        return Long.parseLong(engine.db().value("SELECT count(*) FROM " + table + " WHERE " + condition));
    }

    static void assertRefused(String code, Runnable action, String... words) {
        assertThatThrownBy(action::run).isInstanceOfSatisfying(Problem.class, p -> {
            assertThat(p.kind()).isEqualTo(Problem.Kind.CONFLICT);
            assertThat(p.code()).isEqualTo(code);
            assertThat(p.getMessage()).contains(words);
        });
    }
}
