package dev.sluice.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.problem.Problem;
import dev.sluice.testing.TestPostgres;
import dev.sluice.testing.Wire;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BriefWaitTest {
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private final TestPostgres.Fresh db = TestPostgres.create();
    private final Wire wire = new Wire(db);
    private final DatabaseSettings settings = DatabaseSettings.of(
            "main", wire.through().url(), wire.through().user(), wire.through().password());
    private final Databases patient = new Databases(List.of(settings), "main");
    private final Database brief = patient.within(PATIENCE).control();

    @AfterEach
    void close() throws Exception {
        patient.close();
        wire.close();
    }

    @Test
    void thePoolIsShared() throws SQLException {
        try (var connection = brief.connect()) {
            assertThat(connection.isValid(1)).isTrue();
            assertThat(patient.control().pool().getHikariPoolMXBean().getActiveConnections())
                    .isEqualTo(1);
        }
        assertThat(patient.control().pool().getHikariPoolMXBean().getActiveConnections())
                .isZero();
        assertThat(brief.sql().fetchValue("SELECT 1")).isEqualTo(1);
    }

    @Test
    void aDatabaseThatIsAwayIsToldSoonAndManyTimesNoLater() {
        wire.cut();
        long began = System.nanoTime();
        for (int i = 0; i < 20; i++) {
            assertThatThrownBy(brief::connect)
                    .isInstanceOfSatisfying(
                            SQLException.class,
                            e -> assertThat(SqlFailure.in(e).orElseThrow().kind())
                                    .isEqualTo(ErrorKind.AWAY));
        }
        assertThat(Duration.ofNanos(System.nanoTime() - began))
                .as("one second once, then a tenth each; the pool waits ten")
                .isBetween(PATIENCE, Duration.ofSeconds(6));
    }

    @Test
    void noConnectionIsLostToThoseWhoLeft() throws Exception {
        wire.cut();
        for (int i = 0; i < 5; i++) {
            assertThatThrownBy(brief::connect).isInstanceOf(SQLException.class);
        }
        wire.restore();
        for (int i = 0; i < 3 * settings.poolSize(); i++) {
            try (var connection = patient.control().connect()) {
                assertThat(connection.isValid(1)).isTrue();
            }
        }
        assertThat(brief.sql().fetchValue("SELECT 1")).isEqualTo(1);
    }

    @Test
    void aHeldDatabaseIsHeldForBoth() {
        Problem why = new Problem(Problem.Kind.UNAVAILABLE, "x", "not there.");
        patient.control().hold(why);
        assertThat(brief.held()).contains(why);
        patient.control().release();
        assertThat(brief.held()).isEmpty();
    }
}
