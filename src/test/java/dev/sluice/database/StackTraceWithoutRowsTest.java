package dev.sluice.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import dev.sluice.testing.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;

/** A stack trace in the log, of whatever library, holds no value of a row. */
class StackTraceWithoutRowsTest {
    private static String printed(Throwable thrown) {
        var context = new LoggerContext();
        var converter = new StackTraceWithoutRows();
        converter.setContext(context);
        converter.start();
        return converter.convert(
                new LoggingEvent("here", context.getLogger("any"), Level.ERROR, "it failed", thrown, null));
    }

    private static SQLException refused(String sql) throws SQLException {
        TestPostgres.Fresh db = TestPostgres.create();
        try (Connection connection = db.connect();
                Statement statement = connection.createStatement()) {
            return assertThrows(SQLException.class, () -> statement.execute(sql));
        }
    }

    @Test
    void valuesOfRowsAreLeftOutWhereverTheyStandInTheChain() throws Exception {
        SQLException thrown = refused("SELECT s::regconfig FROM (VALUES ('annasecret'), ('x')) AS v(s)");
        var wrapped = new IllegalStateException("store: " + thrown.getMessage(), thrown);
        var outer = new IllegalStateException(wrapped);
        outer.addSuppressed(refused("SELECT s::int FROM (VALUES ('Berta Secret'), ('1')) AS v(s)"));
        assertThat(printed(outer))
                .contains("42704 undefined_object", "22P02 invalid_text_representation", "store: ERROR: 42704", "\tat ")
                .doesNotContain("annasecret", "Berta");
    }

    @Test
    void theTextOfTheStatementIsShown() throws Exception {
        assertThat(printed(refused("SELECT nothing FROM pg_class"))).contains("column \"nothing\" does not exist");
    }

    @Test
    void whatIsNoErrorOfTheDatabaseIsPrintedAsItIs() {
        assertThat(printed(new IllegalStateException("plain"))).contains("IllegalStateException: plain");
    }

    @Test
    void theLogOfAWorkerIsWrittenWithIt() {
        var context = (LoggerContext) org.slf4j.LoggerFactory.getILoggerFactory();
        var root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        var console = (ch.qos.logback.core.ConsoleAppender<?>) root.getAppender("STDERR");
        var encoder = (ch.qos.logback.classic.encoder.PatternLayoutEncoder) (Object) console.getEncoder();
        assertThat(encoder.getPattern()).contains("%rowlessEx").doesNotContain("%ex");
    }
}
