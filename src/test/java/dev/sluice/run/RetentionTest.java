package dev.sluice.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.event.EventLog;
import dev.sluice.job.Job;
import dev.sluice.testing.SteppedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is removed when it is old, and what never is; rows in one database, runs in another. */
@Timeout(120)
class RetentionTest {
    private static final Duration KEPT = Duration.ofDays(90);
    private static final List<String> OF_THE_TARGET = List.of("checkpoint", "lane_owner", "pass", "run_wanted");
    private static final List<String> OF_THE_CONTROL = List.of("lane", "run_time");
    private final TestPostgres.Fresh target = TestPostgres.create();
    private final TestPostgres.Fresh control = TestPostgres.create();
    private final TestEngine engine = TestEngine.onTwo(target, control, new SteppedTime());
    private final Retention retention = new Retention(engine.databases(), KEPT, Duration.ofDays(365));

    @BeforeEach
    void table() {
        target.run(
                "CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, m int)",
                "INSERT INTO t (id) SELECT generate_series(1, 300)");
    }

    @AfterEach
    void close() {
        engine.close();
    }

    private static Job fill() {
        return TestEngine.job("job: t\nmigrate: { table: t, set: { m: id }, where: m IS NULL }");
    }

    private static Job plus(String more) {
        return TestEngine.job("job: t\nmigrate: { table: t, set: { n: n + 1 }" + more + " }");
    }

    private UUID ran(Job job) throws InterruptedException {
        RunStatus ended = engine.execute(engine.queue(job).id());
        assertThat(ended.state()).isEqualTo("succeeded");
        return ended.id();
    }

    /** All runs so far have been over for so many days. */
    private void age(int days) {
        String ago = " - interval '" + days + " days'";
        control.run("UPDATE sluice.run SET created_at = created_at" + ago + ", started_at = started_at" + ago
                + ", finished_at = finished_at" + ago + ", verified_at = verified_at" + ago);
    }

    private List<String> runs() {
        return ids(control, "SELECT string_agg(id::text, ',' ORDER BY created_at) FROM sluice.run");
    }

    private static List<String> ids(TestPostgres.Fresh database, String query) {
        String text = String.valueOf(database.value(query));
        return text.equals("null") || text.isEmpty() ? List.of() : Arrays.asList(text.split(","));
    }

    private static List<String> texts(UUID... runs) {
        return Arrays.stream(runs).map(UUID::toString).toList();
    }

    private void assertNothingIsLeftOfOthersThan(UUID... kept) {
        OF_THE_TARGET.forEach(name -> assertThat(texts(kept))
                .as(name)
                .containsAll(ids(target, "SELECT string_agg(DISTINCT run_id::text, ',') FROM sluice." + name)));
        OF_THE_CONTROL.forEach(name -> assertThat(texts(kept))
                .as(name)
                .containsAll(ids(control, "SELECT string_agg(DISTINCT run_id::text, ',') FROM sluice." + name)));
    }

    @Test
    void oldRunsGoWithEverythingOfThemAndYoungOnesStay() throws Exception {
        ran(fill());
        target.run("UPDATE t SET m = NULL WHERE id < 10");
        ran(fill());
        age(91);
        target.run("UPDATE t SET m = NULL WHERE id < 10");
        UUID young = ran(fill());
        age(89);
        target.run("UPDATE t SET m = NULL WHERE id < 10");
        UUID newest = ran(fill());
        assertThat(retention.round()).isEqualTo(2);
        assertThat(runs()).isEqualTo(texts(young, newest));
        assertNothingIsLeftOfOthersThan(young, newest);
        assertThat(retention.round()).isZero();
        assertThat(engine.runs().find(young).orElseThrow().progress().changed()).isEqualTo(9);
    }

    @Test
    void theNewestRunAndLiveOnesStayHoweverOldTheyAre() throws Exception {
        UUID ended = ran(fill());
        UUID live = engine.queue(fill()).id();
        age(1000);
        assertThat(retention.round()).isZero();
        assertThat(runs()).isEqualTo(texts(ended, live));
    }

    /** Which runs changed rows is what a later start is held against: without them rows would change a second time. */
    @Test
    void whatKeepsRowsFromChangingTwiceStays() throws Exception {
        UUID changed = ran(fill());
        ran(fill());
        UUID newest = ran(fill());
        age(1000);
        assertThat(retention.round()).isEqualTo(1);
        assertThat(runs()).isEqualTo(texts(changed, newest));
        assertThatThrownBy(() -> engine.queue(plus(""))).hasMessageContaining("not repeatable");
    }

    @Test
    void runsOfAJobThatIsNotRepeatableStay() throws Exception {
        UUID first = ran(plus(""));
        UUID again = ran(plus(", again: true"));
        UUID newest = ran(plus(", where: n < 0"));
        age(1000);
        assertThat(retention.round()).isZero();
        assertThat(runs()).isEqualTo(texts(first, again, newest));
        assertThatThrownBy(() -> engine.queue(plus(""))).hasMessageContaining("not repeatable");
    }

    /** Killed when the target has committed and the control database has not. */
    @Test
    void aCrashInTheMiddleLeavesNothingForGood() throws Exception {
        UUID old = ran(fill());
        target.run("UPDATE t SET m = NULL WHERE id < 10");
        UUID newest = ran(fill());
        age(1000);
        control.run(
                "CREATE SEQUENCE crash",
                "CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('crash') = 1 THEN RAISE"
                        + " EXCEPTION 'crashed' USING ERRCODE = '57P01'; END IF; RETURN OLD; END $$",
                "CREATE TRIGGER crash BEFORE DELETE ON sluice.run FOR EACH ROW EXECUTE FUNCTION public.crash()");
        assertThat(retention.round()).isZero();
        assertThat(runs()).isEqualTo(texts(old, newest));
        assertThat(target.value("SELECT count(*) FROM sluice.checkpoint WHERE run_id = '" + old + "'"))
                .isEqualTo("0");
        Retention another = new Retention(engine.databases(), KEPT, KEPT);
        assertThat(another.round()).isEqualTo(1);
        assertThat(runs()).isEqualTo(texts(newest));
        assertNothingIsLeftOfOthersThan(newest);
    }

    @Test
    void twoWorkersRemoveEachRunOnce() throws Exception {
        UUID first = ran(fill());
        target.run("UPDATE t SET m = NULL WHERE id < 10");
        UUID newest = ran(fill());
        control.run("INSERT INTO sluice.run SELECT gen_random_uuid(), job, database, fingerprint, definition, state,"
                + " resume_state, pass, sweeps, again, estimated_rows, requested_by, trigger, system_identifier,"
                + " database_name, timeline, failure, evidence, created_at - i * interval '1 second', started_at,"
                + " finished_at, verified_at FROM sluice.run, generate_series(1, 120) i WHERE id = '" + first + "'");
        age(1000);
        var all = new TreeSet<>(runs());
        int removed = 0;
        for (int round = 0; round < 4; round++) {
            var at = new ArrayList<CompletableFuture<Integer>>();
            for (int worker = 0; worker < 2; worker++) {
                var own = new Retention(engine.databases(), KEPT, KEPT);
                at.add(CompletableFuture.supplyAsync(own::round));
            }
            removed += at.stream().mapToInt(CompletableFuture::join).sum();
        }
        assertThat(removed).isEqualTo(all.size() - 1);
        assertThat(runs()).isEqualTo(texts(newest));
    }

    @Test
    void runsOnADatabaseThatIsNotConfiguredStay() throws Exception {
        UUID old = ran(fill());
        UUID newest = ran(fill());
        age(1000);
        control.run("UPDATE sluice.run SET database = 'gone' WHERE id = '" + old + "'");
        assertThat(retention.round()).isZero();
        assertThat(runs()).isEqualTo(texts(old, newest));
    }

    @Test
    void oldLinesOfNoJobGoAndAllOthersStay() throws Exception {
        UUID run = ran(fill());
        var log = new EventLog(engine.databases().control().sql());
        log.append(TestEngine.TESTER, "fleet.stopped", null, null, Map.of());
        log.append(TestEngine.TESTER, "fleet.switched", null, null, Map.of());
        log.append(TestEngine.TESTER, "job.approved", "nobodys", null, Map.of());
        log.append(TestEngine.TESTER, "gate.overridden", "nobodys", null, Map.of());
        log.append(TestEngine.TESTER, "run.queued", "nobodys", null, Map.of());
        control.run(
                "ALTER TABLE sluice.event DISABLE TRIGGER event_append_only",
                "UPDATE sluice.event SET at = at - interval '400 days'",
                "ALTER TABLE sluice.event ENABLE TRIGGER event_append_only");
        log.append(TestEngine.TESTER, "fleet.resumed", null, null, Map.of());
        retention.round();
        assertThat(control.value("SELECT string_agg(action, ',' ORDER BY id) FROM sluice.event WHERE run_id IS NULL"))
                .isEqualTo("fleet.switched,job.approved,gate.overridden,fleet.resumed");
        assertThat(control.value("SELECT count(*) FROM sluice.event WHERE run_id = '" + run + "'"))
                .isNotEqualTo("0");
        for (String statement : List.of(
                "DELETE FROM sluice.event WHERE action = 'fleet.switched'",
                "DELETE FROM sluice.event WHERE action = 'fleet.resumed'",
                "DELETE FROM sluice.event WHERE run_id = '" + run + "'",
                "UPDATE sluice.event SET actor = 'eve'",
                "TRUNCATE sluice.event")) {
            assertThatThrownBy(() -> control.run("SET sluice.retention = 'on'", statement))
                    .as(statement)
                    .hasMessageContaining("append-only");
            assertThatThrownBy(() -> control.run(statement)).as(statement).hasMessageContaining("append-only");
        }
    }
}
