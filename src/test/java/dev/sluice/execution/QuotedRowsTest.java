package dev.sluice.execution;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.sluice.database.SqlFailure;
import dev.sluice.run.JsonColumn;
import dev.sluice.run.RunStatus;
import dev.sluice.testing.SteppedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** What the server says while rows are changed may hold their values, whatever its SQLSTATE: operators alone see it. */
@Timeout(60)
class QuotedRowsTest {
    private static final String SECRET = "annasecret";
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static TestEngine engine;
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private String table = "";

    @BeforeAll
    static void start() {
        engine = TestEngine.on(TestPostgres.create(), new SteppedTime());
    }

    @AfterAll
    static void stop() {
        engine.close();
    }

    @BeforeEach
    void table() {
        table = "q" + COUNT.incrementAndGet();
        engine.db()
                .run(
                        "CREATE TABLE " + table + " (id bigint PRIMARY KEY, s text, n int NOT NULL DEFAULT 0)",
                        "INSERT INTO " + table + " (id, s) SELECT g, CASE g WHEN 70 THEN '" + SECRET
                                + "' ELSE 'english' END FROM generate_series(1, 100) g");
        lines.start();
        root().addAppender(lines);
    }

    @AfterEach
    void detach() {
        root().detachAppender(lines);
    }

    private static Logger root() {
        return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    }

    private RunStatus run(String set) throws InterruptedException {
        return run(set, "n = 0");
    }

    private RunStatus run(String set, String where) throws InterruptedException {
        return engine.run("job: " + table + "\nmigrate: { table: " + table + ", set: { " + set + " }, where: " + where
                + ", throttle: { rows-per-second: 100000 } }");
    }

    private void assertNobodyElseSeesTheRow(RunStatus run) {
        assertThat(run.state()).isEqualTo("failed");
        assertThat(JsonColumn.write(run.withoutRowValues())).doesNotContain(SECRET);
        assertThat(known(run.failure()).message()).doesNotContain(SECRET);
        assertThat(lines.list)
                .isNotEmpty()
                .noneMatch(l -> l.getFormattedMessage().contains(SECRET));
        assertThat(engine.scrape()).doesNotContain(SECRET);
        assertThat(engine.db().value("SELECT string_agg(detail::text, ' ') FROM sluice.event"))
                .doesNotContain(SECRET);
    }

    @Test
    void aCastThatNamesWhatIsNotThere() throws Exception {
        RunStatus run = run("n: \"length(to_tsvector(s::regconfig, 'x')::text)\"");
        assertNobodyElseSeesTheRow(run);
        RunStatus.Failure failure = known(run.failure());
        assertThat(failure.sqlState()).isEqualTo("42704");
        assertThat(failure.message()).contains("42704 undefined_object");
        assertThat(failure.serverMessage()).isEqualTo("text search configuration \"" + SECRET + "\" does not exist");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "s::regclass | 42P01 undefined_table",
                "pg_read_file(s) | 58P01 undefined_file",
                "s::regtype | 42704 undefined_object",
                "current_setting(concat(s, '.', s)) | 42704 undefined_object",
                "has_table_privilege(s, 'SELECT') | 42P01 undefined_table",
                "query_to_xml(s, true, true, '') | 42601 syntax_error",
            })
    void anExpressionThatTakesAValueForAName(String expression, String told) throws Exception {
        RunStatus run = run("n: \"length((" + expression + ")::text)\"", "id = 70 AND n = 0");
        assertNobodyElseSeesTheRow(run);
        assertThat(known(run.failure()).message()).contains(told);
        assertThat(known(known(run.failure()).serverMessage())).contains(SECRET);
    }

    @ParameterizedTest
    @CsvSource({
        "P0001, false",
        "P0002, false",
        "42501, false",
        "55000, false",
        "XX000, false",
        "ZX001, false",
        "40001, true",
        "53100, true",
        "55P03, true",
        "57014, true",
    })
    void aTriggerMayRaiseARowUnderAnySqlState(String state, boolean passes) throws Exception {
        engine.db()
                .run(
                        "CREATE SEQUENCE seq_" + table,
                        "CREATE FUNCTION raise_" + table + "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                                + " IF NEW.id = 70 AND nextval('seq_" + table + "') <= " + (passes ? 2 : 1000)
                                + " THEN RAISE EXCEPTION 'not %', NEW.s USING ERRCODE = '" + state
                                + "', HINT = NEW.s; END IF; RETURN NEW; END $$",
                        "CREATE TRIGGER raises BEFORE UPDATE ON " + table + " FOR EACH ROW EXECUTE FUNCTION raise_"
                                + table + "()");
        RunStatus run = run("n: n + 1");
        if (passes) {
            assertThat(run.state()).isEqualTo("succeeded");
            assertThat(lines.list)
                    .anyMatch(l -> l.getFormattedMessage().contains(state))
                    .noneMatch(l -> l.getFormattedMessage().contains(SECRET));
        } else {
            assertNobodyElseSeesTheRow(run);
            assertThat(known(run.failure()).serverMessage()).isEqualTo("not " + SECRET);
        }
    }

    @Test
    void anErrorInTheTextOfTheJobIsToldWhole() throws Exception {
        engine.db().run("ALTER TABLE " + table + " ADD gone int");
        UUID id = engine.queue(
                        TestEngine.job("job: " + table + "\nmigrate: { table: " + table + ", set: { n: gone } }"))
                .id();
        engine.db().run("ALTER TABLE " + table + " DROP gone");
        RunStatus run = engine.execute(id);
        assertThat(known(run.failure()).message()).contains("42703 column \"gone\" does not exist");
        assertThat(known(run.failure()).serverMessage()).isNull();
    }

    @Test
    void aMissingPrivilegeNamesTheTableOfTheStatement() throws Exception {
        var failure = SqlFailure.in(assertThrows(
                        IllegalStateException.class,
                        () -> engine.db()
                                .run("CREATE ROLE r_" + table, "SET ROLE r_" + table, "SELECT * FROM " + table)))
                .orElseThrow();
        assertThat(failure).hasToString("42501 permission denied for table " + table);
    }
}
