package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.database.Database;
import dev.sluice.database.DatabaseSettings;
import dev.sluice.database.OwnSchema;
import dev.sluice.fleet.Definitions;
import dev.sluice.fleet.Member;
import dev.sluice.fleet.Membership;
import dev.sluice.job.Job;
import dev.sluice.job.JobFile;
import dev.sluice.metrics.Meters;
import dev.sluice.metrics.SchedulerMeters;
import dev.sluice.problem.Problem;
import dev.sluice.schedule.ScheduleSettings;
import dev.sluice.schedule.Scheduling;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import dev.sluice.time.Time;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When a schedule comes, stays and goes, with several workers. */
class ScheduleSyncTest {
    private static final Duration TAKEOVER = Duration.ofSeconds(2);
    private static final Job NIGHTLY = nightly("0 0 1 * * ?");

    private final TestPostgres.Fresh db = TestPostgres.create();
    private final Database control = Database.open(DatabaseSettings.of("main", db.url(), db.user(), db.password()));
    private final Meters meters = new Meters();
    private final Scheduling scheduling = new Scheduling(
            control, ScheduleSettings.of("quartz"), new SchedulerMeters(meters.registry()), Time.system());

    ScheduleSyncTest() {
        OwnSchema.migrate(control, true);
    }

    @AfterEach
    void close() {
        scheduling.close();
        meters.close();
        control.close();
    }

    private static Job nightly(String cron) {
        return TestEngine.job(
                "job: nightly\nmigrate: { table: t, set: { a: '1' }, where: a IS NULL, schedule: { cron: '" + cron
                        + "' } }");
    }

    private final class One {
        final List<JobFile> files = new CopyOnWriteArrayList<>();
        final Member member;
        final Membership membership;
        final ScheduleSync scheduleSync;

        One() {
            member = Member.starting("w", "1", Duration.ofMinutes(1), TAKEOVER);
            membership = new Membership(control, member, Time.system());
            scheduleSync = new ScheduleSync(
                    new Definitions(control, member, () -> List.copyOf(files)), membership, scheduling.schedules());
            membership.beat();
        }

        void holds(Job... jobs) {
            files.clear();
            for (Job job : jobs) {
                files.add(new JobFile(job.name() + ".yaml", Optional.of(job), List.of(), Map.of()));
            }
            scheduleSync.outOfStep();
            scheduleSync.publish();
        }

        /** It has shown signs of life for long enough to say who is dead. */
        One steady() {
            await().pollInterval(Duration.ofMillis(20)).until(() -> {
                membership.beat();
                return membership.maySayWhoIsDead();
            });
            return this;
        }

        void silent() {
            db.run("UPDATE sluice.worker SET heartbeat_at = clock_timestamp() - interval '1 minute' WHERE instance = '"
                    + member.instance() + "'");
        }
    }

    private String crons() {
        return db.value("SELECT coalesce(string_agg(cron_expression, ','), '') FROM sluice.qrtz_cron_triggers");
    }

    @Test
    void aFileThatIsMissingOnOneUnschedulesNothingUntilItIsGoneOnAll() {
        One a = new One();
        One b = new One().steady();
        a.holds(NIGHTLY);
        b.holds();
        a.membership.beat();
        b.membership.beat();
        b.scheduleSync.schedules();
        assertThat(crons()).as("b lacks the file and knows of it").isEqualTo("0 0 1 * * ?");
        a.holds();
        a.membership.beat();
        b.membership.beat();
        b.scheduleSync.schedules();
        assertThat(crons()).isEmpty();
    }

    @Test
    void whoComesBackFirstAfterAnOutageDoesNotTakeTheSilentForDead() {
        One a = new One();
        One b = new One();
        b.holds(NIGHTLY);
        a.scheduleSync.schedules();
        b.silent();
        a.membership.beat();
        a.scheduleSync.schedules();
        assertThat(crons()).as("a cannot know yet").isEqualTo("0 0 1 * * ?");
        b.membership.beat();
        a.steady();
        b.membership.beat();
        a.scheduleSync.schedules();
        assertThat(crons()).isEqualTo("0 0 1 * * ?");
        b.silent();
        a.membership.beat();
        a.scheduleSync.schedules();
        assertThat(crons()).as("a is steady, and b alone is silent").isEmpty();
    }

    @Test
    void whatWasPutOffIsDoneWhenItIsSure() {
        One a = new One();
        a.holds(NIGHTLY);
        a.scheduleSync.schedules();
        a.holds();
        a.membership.beat();
        a.scheduleSync.schedules();
        assertThat(crons()).isEqualTo("0 0 1 * * ?");
        a.steady().scheduleSync.schedules();
        assertThat(crons()).as("though nothing has changed since").isEmpty();
    }

    @Test
    void theNewestFileSaysTheScheduleAndAnUnreadableOneKeepsIt() {
        One a = new One();
        One b = new One().steady();
        a.holds(NIGHTLY);
        b.holds(nightly("0 0 2 * * ?"));
        a.membership.beat();
        b.membership.beat();
        b.scheduleSync.schedules();
        assertThat(crons()).isEqualTo("0 0 2 * * ?");
        b.holds();
        db.run("UPDATE sluice.definition SET definition = '{\"from\": \"the future\"}'");
        a.membership.beat();
        b.membership.beat();
        b.scheduleSync.schedules();
        assertThat(crons()).isEqualTo("0 0 2 * * ?");
    }

    @Test
    void withoutTheDatabaseNothingGoesAndThePublicationIsMadeUpFor() {
        One a = new One().steady();
        a.holds(NIGHTLY);
        a.scheduleSync.schedules();
        db.run("ALTER TABLE sluice.definition RENAME TO gone");
        a.files.clear();
        a.scheduleSync.outOfStep();
        assertThat(a.scheduleSync.problem()).isEmpty();
        assertThatThrownBy(a.scheduleSync::publish).isInstanceOf(Problem.class);
        assertThat(a.scheduleSync.problem().orElse("")).startsWith("the job files could not be published");
        assertThatThrownBy(a.scheduleSync::schedules).isInstanceOf(Problem.class);
        assertThat(a.scheduleSync.problem().orElse("")).contains("the schedules could not be brought in step");
        assertThat(crons()).isEqualTo("0 0 1 * * ?");
        db.run("ALTER TABLE sluice.gone RENAME TO definition");
        a.scheduleSync.publish();
        a.steady().scheduleSync.schedules();
        assertThat(crons()).isEmpty();
        assertThat(a.scheduleSync.problem()).isEmpty();
    }

    @Test
    void aScheduleThatCannotBeStoredIsTold() {
        One a = new One().steady();
        a.holds(nightly("every night"));
        a.scheduleSync.schedules();
        assertThat(a.scheduleSync.problem().orElse(""))
                .contains("the schedule of job nightly is not stored: ", "every night");
        a.holds(NIGHTLY);
        a.scheduleSync.schedules();
        assertThat(a.scheduleSync.problem()).isEmpty();
        assertThat(crons()).isEqualTo("0 0 1 * * ?");
    }
}
