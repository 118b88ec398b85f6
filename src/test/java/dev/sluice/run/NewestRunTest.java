package dev.sluice.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.testing.TestEngine;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jooq.DSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The newest run of each job is asked for every few moments, and a scheduled job has had many. */
class NewestRunTest {
    private static final Pattern PAGES = Pattern.compile("Buffers: shared hit=(\\d+)");
    private static final TestEngine ENGINE = TestEngine.create();
    private static final DSLContext SQL = ENGINE.databases().control().sql();
    private static final RunTable TABLE = new RunTable(ENGINE.databases().control());

    @BeforeAll
    static void runs() {
        SQL.execute("INSERT INTO sluice.run (id, job, database, fingerprint, definition, state, pass, sweeps, again,"
                + " requested_by, trigger, created_at) SELECT gen_random_uuid(), 'job-' || i % 20, 'main', 'f',"
                + " repeat('x', 500), 'succeeded', 0, 0, false, 'tester', 'schedule',"
                + " now() - i * interval '1 minute' FROM generate_series(1, 40000) i");
        SQL.execute("VACUUM ANALYZE sluice.run");
    }

    @AfterAll
    static void close() {
        ENGINE.close();
    }

    @Test
    void isTheNewestOfEachJob() {
        List<RunRecord> newest = TABLE.latest();
        assertThat(newest).hasSize(20);
        assertThat(newest).extracting(RunRecord::getJob).isSorted().doesNotHaveDuplicates();
        assertThat(newest).allSatisfy(r -> {
            UUID expected = TABLE.list(Optional.of(r.getJob()), 1).getFirst().getId();
            assertThat(r.getId()).isEqualTo(expected);
            assertThat(r.getState()).isEqualTo("succeeded");
            assertThat(r.getFailure()).isNull();
        });
    }

    @Test
    void isReadForSomeJobsAtOnce() {
        List<RunRecord> expected = TABLE.latest().stream()
                .filter(r -> List.of("job-7", "job-12").contains(r.getJob()))
                .toList();
        assertThat(TABLE.latest(List.of("job-7", "no-such-job", "job-12")))
                .hasSize(2)
                .containsExactlyElementsOf(expected);
        assertThat(TABLE.latest(List.of())).isEmpty();
    }

    @Test
    void readsAFewPagesAJobHoweverManyRunsThereHaveBeen() {
        String plan = plan(RunTable.NEWEST);
        assertThat(plan).doesNotContain("Seq Scan on run");
        assertThat(pages(plan)).as(plan).isLessThan(300);
    }

    @Test
    void theNewestOfAllAreReadByAnIndexToo() {
        String plan = plan("SELECT * FROM sluice.run ORDER BY created_at DESC, id LIMIT 50");
        assertThat(pages(plan)).as(plan).isLessThan(100);
    }

    @Test
    void noneIsTheNewestWhereThereIsNone() {
        try (TestEngine empty = TestEngine.create()) {
            assertThat(new RunTable(empty.databases().control()).latest()).isEmpty();
            UUID run = empty.queue(TestEngine.job("job: t\nmigrate: { table: t, set: { m: id }, where: m IS NULL }"))
                    .id();
            assertThat(new RunTable(empty.databases().control()).latest())
                    .singleElement()
                    .satisfies(r -> assertThat(r.getId()).isEqualTo(run));
        }
    }

    private static String plan(String query) {
        return String.join(
                "\n",
                SQL.fetch("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) " + query)
                        .getValues(0, String.class));
    }

    private static int pages(String plan) {
        var first = PAGES.matcher(plan);
        assertThat(first.find()).as(plan).isTrue();
        return Integer.parseInt(first.group(1));
    }
}
