package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.database.DatabaseSettings;
import dev.sluice.database.Databases;
import dev.sluice.testing.SteppedTime;
import dev.sluice.testing.TestPostgres;
import java.time.Duration;
import java.util.List;

/** A database with a sampler that reads when it is told to, and a clock that is stepped. */
final class ThrottleBench implements AutoCloseable {
    final SteppedTime time = new SteppedTime();
    private final TestPostgres.Fresh db = TestPostgres.create();
    private final Databases databases =
            new Databases(List.of(DatabaseSettings.of("main", db.url(), db.user(), db.password())), "main");
    final Sampler sampler = Sampler.byHand(databases.get("main"), time);

    /** Passes so much time, a tenth of a second at a time, with the sampler at work. */
    void pass(Throttle throttle, double seconds) {
        for (int i = 0; i < Math.round(seconds * 10); i++) {
            time.step(Duration.ofMillis(100));
            sampler.readDue();
            var unused = throttle.ask(1);
        }
    }

    static Permit.Denied denied(Permit permit) {
        assertThat(permit).isInstanceOf(Permit.Denied.class);
        return (Permit.Denied) permit;
    }

    @Override
    public void close() {
        sampler.close();
        databases.close();
    }
}
