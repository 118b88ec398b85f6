package dev.sluice.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testing.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which second connection a thread may ask for while it has one. */
class PoolOrderTest {
    private final TestPostgres.Fresh fresh = TestPostgres.create();
    private final Databases databases = new Databases(List.of(settings("main"), settings("other")), "main");

    private DatabaseSettings settings(String name) {
        return DatabaseSettings.of(name, fresh.url(), fresh.user(), fresh.password());
    }

    @AfterEach
    void close() {
        databases.close();
    }

    private static void assertRefused(Database asked) {
        assertThatThrownBy(asked::connect)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("asks for one of " + asked.name());
    }

    @Test
    void aSecondOneOfTheSamePoolIsRefusedByWhateverWay() throws SQLException {
        try (Connection held = databases.control().connect()) {
            assertThat(held.isValid(1)).isTrue();
            assertRefused(databases.control());
            assertRefused(databases.within(Duration.ofSeconds(1)).control());
            assertRefused(databases.get("other"));
            assertRefused(databases.aroundTargets());
        }
        databases.control().connect().close();
    }

    @Test
    void aTransactionAroundTargetsMayAskThemOneByOne() throws SQLException {
        try (Connection around = databases.aroundTargets().connect()) {
            assertThat(around.isValid(1)).isTrue();
            databases.control().connect().close();
            databases.get("other").connect().close();
            assertRefused(databases.aroundTargets());
        }
    }

    @Test
    void whatIsHandedOnIsTheSameConnectionAndStaysOpen() throws SQLException {
        try (Connection held = databases.control().connect()) {
            Database here = databases.control().on(held);
            int pid = here.sql().fetchSingle("SELECT pg_backend_pid()").get(0, int.class);
            try (Connection again = here.connect()) {
                again.setAutoCommit(false);
                again.createStatement().execute("CREATE TABLE half (id int)");
            }
            assertThat(held.getAutoCommit()).isTrue();
            assertThat(here.sql()
                            .fetchSingle("SELECT pg_backend_pid(), to_regclass('half')::text")
                            .intoArray())
                    .as("left as the pool leaves it")
                    .containsExactly(pid, null);
        }
    }
}
