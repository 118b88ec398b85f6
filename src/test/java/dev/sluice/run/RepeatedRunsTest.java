package dev.sluice.run;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.job.Job;
import dev.sluice.testing.TestEngine;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which jobs may run a second time, and what a second run does. */
@Timeout(60)
class RepeatedRunsTest extends RunWishes {

    @Test
    void aRunThatWasLetThroughOnceDoesNotHideTheOneBeforeIt() throws Exception {
        String where = ", where: n < 100";
        Job job = plus(where);
        engine.execute(engine.queue(job).id());
        assertRefused("not-repeatable", () -> engine.queue(job), "again: true");
        engine.db().run("UPDATE " + table + " SET n = 200");
        engine.execute(engine.queue(plus(where + ", again: true")).id());
        engine.db().run("UPDATE " + table + " SET n = 1");
        assertRefused("not-repeatable", () -> engine.queue(job), "again: true");
    }

    @Test
    void aJobThatIsNotRepeatableRunsASecondTimeOnlyWhenItSaysSo() throws Exception {
        RunStatus first = engine.execute(engine.queue(plus("")).id());
        assertThat(first.state()).isEqualTo("succeeded");
        assertRefused("not-repeatable", () -> engine.queue(plus("")), first.id().toString(), "again: true");
        assertThat(count("n = 1")).isEqualTo(1000);
        RunStatus again = engine.execute(engine.queue(plus(", again: true")).id());
        assertThat(again.state()).isEqualTo("succeeded");
        assertThat(again.id()).isNotEqualTo(first.id());
        assertThat(count("n = 2")).isEqualTo(1000);
    }

    @Test
    void aJobWhoseChangedRowsStillMatchIsNotRepeatable() throws Exception {
        Job job = TestEngine.job(
                "job: " + table + "\nmigrate: { table: " + table + ", set: { n: n + 1 }, where: n < 100 }");
        RunStatus first = engine.execute(engine.queue(job).id());
        assertThat(first.state()).isEqualTo("succeeded");
        assertThat(first.progress().stillMatching()).isEqualTo(1000);
        assertThat(count("n = 1")).as("no sweep either").isEqualTo(1000);
        assertRefused("not-repeatable", () -> engine.queue(job), "same rows again");
        Job given = TestEngine.job("job: g" + table + "\nmigrate: { table: " + table
                + ", set: { n: n + 1 }, where: n < 100 }\nswitch: { verify: n > 0 }");
        assertThat(engine.execute(engine.queue(given).id()).state()).isEqualTo("succeeded");
        assertThat(count("n = 2")).isEqualTo(1000);
        assertRefused("not-repeatable", () -> engine.queue(given), "same rows again");
    }

    @Test
    void aRepeatableJobRunsAgainAndFindsNothingToDo() throws Exception {
        RunStatus first = engine.execute(engine.queue(fill("id")).id());
        RunStatus second = engine.execute(engine.queue(fill("id")).id());
        assertThat(second.state()).isEqualTo("succeeded");
        assertThat(second.id()).isNotEqualTo(first.id());
        assertThat(second.progress().changed()).isZero();
    }

    @Test
    void anEarlierDefinitionThatIsNotRepeatableIsNotRunTwiceByAWayRound() throws Exception {
        Job one = plus("");
        Job two = TestEngine.job("job: " + table + "\nmigrate: { table: " + table + ", set: { m: m + 1 } }");
        UUID first = engine.execute(engine.queue(one).id()).id();
        assertRefused("not-repeatable", () -> engine.queue(two), "another definition");
        Job again =
                TestEngine.job("job: " + table + "\nmigrate: { table: " + table + ", set: { m: m + 1 }, again: true }");
        engine.execute(engine.queue(again).id());
        assertRefused("not-repeatable", () -> engine.queue(one), first.toString());
        assertThat(count("n = 1")).isEqualTo(1000);
    }

    @Test
    void aStatementOfOnesOwnIsNotRepeatedByItself() throws Exception {
        Job job = TestEngine.job("job: " + table + "\nmigrate: { table: " + table + ", sql: \"UPDATE " + table
                + " AS x SET n = n + 1 WHERE {batch:x}\", where: n < 100 }");
        RunStatus run = engine.execute(engine.queue(job).id());
        assertThat(run.state()).isEqualTo("incomplete");
        assertThat(known(run.failure()).message()).contains("1000 of 1000", "again: true");
        assertThat(count("n = 1")).as("no sweep changed a row twice").isEqualTo(1000);
        assertRefused("not-repeatable", () -> engine.queue(job), "again: true");
    }

    @Test
    void aFixedExpressionDoesNotBeginAnewOverRowsThatWereChanged() throws Exception {
        UUID first = engine.queue(plus(", throttle: { rows-per-second: 100 }")).id();
        TIME.atWait(6, nth -> engine.runs().cancel(first, TestEngine.TESTER));
        engine.execute(first);
        Job fixed = TestEngine.job("job: " + table + "\nmigrate: { table: " + table + ", set: { n: n + 1 + 0 } }");
        assertRefused("not-repeatable", () -> engine.queue(fixed), "with another definition (cancelled");
    }

    @Test
    void anIncompleteRunWhoseRowsStillMatchIsNotRunAgain() throws Exception {
        Job job = TestEngine.job("job: " + table + "\nmigrate: { table: " + table
                + ", set: { n: n + 1 }, where: n < 100 }\nswitch: { verify: n = 2 }");
        RunStatus run = engine.execute(engine.queue(job).id());
        assertThat(run.state()).isEqualTo("incomplete");
        assertThat(TestEngine.known(run.failure()).message()).contains("by the job's own doing");
        assertRefused("not-repeatable", () -> engine.queue(job), "same rows again");
        assertThat(count("n = 1")).isEqualTo(1000);
    }
}
