package dev.sluice.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EventLogTest {
    private static final Actor ANNA = new Actor("anna");
    private final TestPostgres.Fresh postgres = TestPostgres.create();
    private final DSLContext control = DSL.using(
            new org.postgresql.ds.PGSimpleDataSource() {
                {
                    setUrl(postgres.url());
                    setUser(postgres.user());
                    setPassword(postgres.password());
                }
            },
            SQLDialect.POSTGRES);
    private final EventLog log = new EventLog(control);

    @BeforeAll
    void tables() throws IOException {
        postgres.run("CREATE SCHEMA sluice");
        postgres.run(Files.readString(Path.of("src/main/resources/db/control/V1__control.sql")));
    }

    @Test
    void keepsWhatWasAppendedWithTheDatabasesTime() {
        UUID run = UUID.randomUUID();
        var detail = new LinkedHashMap<String, Object>();
        detail.put("from", "running");
        detail.put("rows", 3);
        detail.put("target", Duration.ofMillis(200));
        log.append(ANNA, "run.tuned", "kept", run, detail);
        Event event = log.list(Optional.of("kept"), Optional.empty(), 0, 10).getFirst();
        assertThat(event.actor()).isEqualTo("anna");
        assertThat(event.action()).isEqualTo("run.tuned");
        assertThat(event.run()).isEqualTo(run);
        assertThat(event.detail()).isEqualTo(Map.of("from", "running", "rows", 3, "target", "PT0.2S"));
        Instant server = Instant.parse(postgres.value(
                "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"));
        assertThat(Duration.between(event.at(), server)).isBetween(Duration.ZERO, Duration.ofMinutes(1));
    }

    @Test
    void stampsEachLineWhenItIsWrittenNotWhenItsTransactionBegan() {
        control.transaction(tx -> {
            var inside = new EventLog(tx.dsl());
            inside.append(ANNA, "run.queued", "clock", null, Map.of());
            tx.dsl().execute("SELECT pg_sleep(0.01)");
            inside.append(ANNA, "run.started", "clock", null, Map.of());
        });
        List<Event> both = log.list(Optional.of("clock"), Optional.empty(), 0, 10);
        assertThat(both.get(1).at()).isAfter(both.get(0).at());
    }

    @Test
    void takesPartInTheCallersTransaction() {
        assertThatThrownBy(() -> control.transaction(tx -> {
                    new EventLog(tx.dsl()).append(ANNA, "run.paused", "rolled-back", null, Map.of());
                    throw new IllegalStateException("the change itself failed");
                }))
                .hasMessageContaining("the change itself failed");
        assertThat(log.list(Optional.of("rolled-back"), Optional.empty(), 0, 10))
                .isEmpty();
    }

    @Test
    void listsByJobRunAndPlaceInAscendingOrder() {
        UUID run = UUID.randomUUID();
        append("one", "list-a", run);
        append("two", "list-b", null);
        append("three", "list-a", null);
        append("four", "list-a", run);
        List<Event> all = log.list(Optional.of("list-a"), Optional.empty(), 0, 10);
        assertThat(all).extracting(Event::action).containsExactly("one", "three", "four");
        assertThat(log.list(Optional.empty(), Optional.of(run), 0, 10))
                .extracting(Event::action)
                .containsExactly("one", "four");
        assertThat(log.list(Optional.of("list-b"), Optional.of(run), 0, 10)).isEmpty();
        // without a place the newest, with one the next
        assertThat(log.list(Optional.of("list-a"), Optional.empty(), 0, 2))
                .extracting(Event::action)
                .containsExactly("three", "four");
        assertThat(log.list(
                        Optional.of("list-a"), Optional.empty(), all.getFirst().id(), 1))
                .extracting(Event::action)
                .containsExactly("three");
        assertThat(log.list(
                        Optional.of("list-a"), Optional.empty(), all.getLast().id(), 10))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "UPDATE sluice.event SET actor = 'eve'",
                "DELETE FROM sluice.event WHERE false",
                "TRUNCATE sluice.event"
            })
    void refusesToChangeWhatWasWritten(String sql) {
        assertThatThrownBy(() -> postgres.run(sql)).hasMessageContaining("append-only");
    }

    @Test
    void refusesADetailThatIsNoJson() {
        assertThatThrownBy(() -> log.append(ANNA, "run.queued", null, null, Map.of("x", new Object())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("cannot be written as JSON");
    }

    private void append(String action, String job, @Nullable UUID run) {
        log.append(ANNA, action, job, run, Map.of());
    }
}
