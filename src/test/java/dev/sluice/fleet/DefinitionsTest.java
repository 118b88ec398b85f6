package dev.sluice.fleet;

import static dev.sluice.fleet.Fleet.job;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.job.Job;
import dev.sluice.job.Jobs;
import dev.sluice.job.Schedule;
import dev.sluice.problem.Problem;
import dev.sluice.testing.CountedStatements;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who holds what, and what is made of it. */
class DefinitionsTest {
    private static final Job OLD = job("j", "1");
    private static final Job NEW = job("j", "2");

    private final Fleet fleet = new Fleet();
    private final Fleet.One a = fleet.worker("a");
    private final Fleet.One b = fleet.worker("b");

    @AfterEach
    void close() {
        fleet.close();
    }

    private String message(Fleet.One asked) {
        return asked.definitions
                .difference(fleet.control.sql(), "j")
                .map(Difference::message)
                .orElse("");
    }

    private static String brief(Job job) {
        return job.fingerprint().substring(0, 12);
    }

    @Test
    void theSameFileOnAllOrOnOneIsNoDifference() {
        a.holds(OLD);
        assertThat(message(a)).isEmpty();
        assertThat(message(b)).as("b lacks the file").isEmpty();
        b.holds(job("j", "1  /* laid out otherwise */", ", throttle: { rows-per-second: 5 }"));
        assertThat(message(a)).isEmpty();
    }

    @Test
    void aDifferenceSaysWhoHasWhatAndIsARefusal() {
        a.holds(OLD);
        b.holds(NEW);
        fleet.worker("c").holds(NEW);
        assertThat(message(a))
                .contains("worker a has " + brief(OLD), "workers b, c have " + brief(NEW))
                .contains("Finish the roll-out", "15s");
        assertThat(message(b)).isEqualTo(message(a));
        assertThatThrownBy(() -> b.definitions.require(fleet.control.sql(), "j"))
                .isInstanceOfSatisfying(Problem.class, p -> {
                    assertThat(p.kind()).isEqualTo(Problem.Kind.CONFLICT);
                    assertThat(p.code()).isEqualTo("definitions-differ");
                    assertThat(p.details())
                            .containsEntry(
                                    "workers",
                                    Map.of("a", OLD.fingerprint(), "b", NEW.fingerprint(), "c", NEW.fingerprint()));
                });
        assertThatCode(() -> b.definitions.require(fleet.control.sql(), "other"))
                .doesNotThrowAnyException();
    }

    @Test
    void theDeadAndThoseWhoLeftDoNotCount() {
        a.holds(OLD);
        b.holds(NEW);
        b.dies();
        assertThat(message(a)).isEmpty();
        b.membership.beat();
        assertThat(message(a)).isNotEmpty();
        b.membership.leave();
        assertThat(message(a)).isEmpty();
    }

    @Test
    void ofAWorkerItselfTheFolderCountsAndNotWhatItPublished() {
        a.holds(OLD);
        b.holds(OLD);
        a.files.clear();
        assertThat(message(a)).isEmpty();
        var job = NEW;
        a.files.add(new dev.sluice.job.JobFile("j.yaml", java.util.Optional.of(job), List.of(), Map.of()));
        assertThat(message(a)).contains(brief(NEW), brief(OLD));
        assertThat(message(b)).as("not published yet").isEmpty();
    }

    @Test
    void workersOfOneNameAreToldApart() {
        a.holds(OLD);
        var twin = fleet.worker("a");
        twin.holds(NEW);
        assertThat(message(b))
                .contains(
                        "a#" + a.member.instance().toString().substring(0, 8) + " has " + brief(OLD),
                        "a#" + twin.member.instance().toString().substring(0, 8) + " has " + brief(NEW));
    }

    @Test
    void aRepeatedPublicationKeepsWhenAFileWasSeenFirst() {
        a.holds(OLD);
        fleet.fresh.run("UPDATE sluice.definition SET seen_at = '2026-01-01'");
        a.definitions.publish();
        assertThat(fleet.fresh.value("SELECT seen_at::date FROM sluice.definition"))
                .isEqualTo("2026-01-01");
        a.holds(OLD, job("k", "1"));
        assertThat(fleet.fresh.value("SELECT string_agg(job, ',' ORDER BY seen_at) FROM sluice.definition"))
                .isEqualTo("j,k");
        a.holds(NEW);
        assertThat(fleet.fresh.value("SELECT string_agg(fingerprint, ',') FROM sluice.definition"))
                .isEqualTo(NEW.fingerprint());
        assertThat(fleet.fresh.value("SELECT seen_at > '2026-01-01' FROM sluice.definition"))
                .isEqualTo("t");
    }

    @Test
    void aWorkerWithoutTheFileGetsTheNewestOfTheOthers() {
        a.holds(OLD);
        var c = fleet.worker("c");
        assertThat(c.definitions.elsewhere("j")).contains(OLD);
        b.holds(NEW);
        assertThat(c.definitions.elsewhere("j")).contains(NEW);
        assertThat(b.definitions.elsewhere("j")).as("not its own").contains(OLD);
        assertThat(c.definitions.elsewhere("nobody-has-it")).isEmpty();
        var known = new FleetJobs(() -> List.copyOf(c.files), c.definitions);
        assertThat(known.find("j")).contains(NEW);
        c.broken("j.yaml");
        assertThat(known.find("j")).as("its own mistakes are told first").isEmpty();
        assertThat(known.elsewhere("j")).contains(NEW);
    }

    @Test
    void severalJobsAreReadAtOnceAndOneThatCannotBeReadConcernsNoOther() {
        Job k = job("k", "1");
        a.holds(OLD, k, job("l", "1"));
        var c = fleet.worker("c");
        c.holds(NEW);
        fleet.fresh.run("UPDATE sluice.definition SET definition = '{\"job\":\"l\",\"engine\":9}' WHERE job = 'l'");
        CountedStatements counted = CountedStatements.of(fleet.control);
        var names = List.of("j", "k", "l", "nobody-has-it");
        var found = new HashMap<String, Job>();
        assertThat(counted.during(() -> {
                    Jobs known = new FleetJobs(() -> List.copyOf(c.files), c.definitions).among(names);
                    for (String name : List.of("j", "k", "nobody-has-it")) {
                        known.find(name).ifPresent(job -> found.put(name, job));
                    }
                    assertThatThrownBy(() -> known.find("l")).hasMessageContaining("cannot read what worker a");
                }))
                .hasSize(1);
        assertThat(found).isEqualTo(Map.of("j", NEW, "k", k));
        var differences = new HashMap<String, Difference>();
        assertThat(counted.during(() -> differences.putAll(c.definitions.differences(fleet.control.sql(), names))))
                .hasSize(1);
        assertThat(differences).containsOnlyKeys("j");
        assertThat(Optional.ofNullable(differences.get("j")))
                .isEqualTo(c.definitions.difference(fleet.control.sql(), "j"));
    }

    @Test
    void whatANewerVersionWroteIsNeitherReadNorTakenForGone() {
        a.holds(OLD, job("k", "1"));
        fleet.fresh.run(
                "UPDATE sluice.definition SET definition = '{\"job\":\"j\",\"engine\":9}' WHERE job = 'j'",
                "UPDATE sluice.worker SET version = '9.0' WHERE name = 'a'");
        assertThatThrownBy(() -> b.definitions.elsewhere("j")).isInstanceOfSatisfying(Problem.class, p -> {
            assertThat(p.kind()).isEqualTo(Problem.Kind.UNPROCESSABLE);
            assertThat(p.code()).isEqualTo("unreadable-definition");
            assertThat(p.getMessage()).contains("worker a of version 9.0", "version 1.2.3", "worker b");
        });
        b.holds(NEW);
        assertThat(message(b)).as("the fingerprint needs no reading").contains(brief(OLD), brief(NEW));
        var held = held(b, "");
        assertThat(held.jobs()).extracting(Job::name).containsExactlyInAnyOrder("j", "k");
        assertThat(held.unreadable()).isEmpty();
        b.holds();
        assertThat(held(b, "").unreadable()).containsExactly("j");
        for (String bad : List.of(
                "", "null", "[]", "{", "{\"job\":\"k\"}", OLD.definition().replace("\"j\"", "\"k\""))) {
            fleet.fresh.run(
                    "UPDATE sluice.definition SET definition = '" + bad.replace("'", "''") + "' WHERE job = 'j'");
            assertThat(held(b, "").unreadable()).as(bad).containsExactly("j");
        }
    }

    private static Definitions.Held held(Fleet.One asked, String before) {
        List<Definitions.Held> seen = new ArrayList<>();
        asked.definitions.whenChanged(before, seen::add);
        assertThat(seen).hasSize(1);
        return seen.getFirst();
    }

    private static int acts(Fleet.One asked, String before) {
        List<Definitions.Held> seen = new ArrayList<>();
        asked.definitions.whenChanged(before, seen::add);
        return seen.size();
    }

    @Test
    void theNewestFileSaysTheSchedule() {
        a.holds(job("j", "1", ", schedule: { cron: '0 0 1 * * ?' }"));
        b.holds(job("j", "1", ", schedule: { cron: '0 0 2 * * ?' }"));
        assertThat(held(a, "").jobs())
                .singleElement()
                .satisfies(j ->
                        assertThat(j.migrate().schedule()).map(Schedule::cron).contains("0 0 2 * * ?"));
        a.holds(job("j", "1"));
        assertThat(held(b, "").jobs())
                .singleElement()
                .satisfies(j -> assertThat(j.migrate().schedule()).isEmpty());
    }

    @Test
    void whatIsHeldIsHandedOnOnlyWhenItChanged() {
        a.holds(OLD);
        String state = held(b, "").state();
        assertThat(acts(b, state)).isZero();
        a.membership.beat();
        a.definitions.publish();
        assertThat(acts(b, state)).isZero();
        a.holds(NEW);
        state = held(b, state).state();
        a.dies();
        assertThat(held(b, state).jobs()).isEmpty();
    }

    @Test
    void whoIsDeadByTheDatabasesClockOrNotAloneActsOnNothing() throws Exception {
        a.holds(OLD);
        b.dies();
        assertThat(acts(b, "")).isZero();
        b.membership.beat();
        assertThat(acts(b, "")).isOne();
        try (Connection other = fleet.fresh.connect()) {
            other.createStatement().execute("SELECT pg_advisory_lock(" + 0x736c_7569_6365_0001L + ")");
            assertThat(acts(b, "")).isZero();
            // the server may take a while to notice that a session is closed
            other.createStatement().execute("SELECT pg_advisory_unlock(" + 0x736c_7569_6365_0001L + ")");
        }
        assertThat(acts(b, "")).isOne();
    }

    @Test
    void withoutTheDatabaseNothingIsDecided() {
        a.holds(OLD);
        fleet.control.close();
        assertThatThrownBy(() -> acts(a, "")).isInstanceOfSatisfying(Problem.class, DefinitionsTest::unavailable);
        assertThatThrownBy(() -> a.definitions.elsewhere("x"))
                .isInstanceOfSatisfying(Problem.class, DefinitionsTest::unavailable);
        assertThatThrownBy(a.definitions::publish).isInstanceOfSatisfying(Problem.class, DefinitionsTest::unavailable);
    }

    private static void unavailable(Problem p) {
        assertThat(p.kind()).isEqualTo(Problem.Kind.UNAVAILABLE);
    }
}
