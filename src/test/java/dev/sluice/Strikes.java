package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.TestPostgres;
import dev.sluice.time.Time;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Strikes workers, connections, server and runs; each strike says what it hit, or that it hit nothing. */
final class Strikes {
    private static final Pattern FENCED = Pattern.compile("lane (\\d+) of run (\\S+) .*changes nothing more");

    private final Cluster cluster;
    private final TestPostgres.Fresh db;
    private final PlusOneRuns runs;
    private final Random random;
    private final Time time;
    private int furtherLanes = Part.FIRST_FURTHER_LANE;

    Strikes(Cluster cluster, PlusOneRuns runs, Random random, Time time) {
        this.cluster = cluster;
        this.db = cluster.db();
        this.runs = runs;
        this.random = random;
        this.time = time;
    }

    /**
     * Strikes.
     *
     * @return empty where nothing was hit that had a batch in flight
     */
    Optional<Recovery> strike(Fault fault) throws Exception {
        return switch (fault) {
            case KILL -> kill();
            case FREEZE -> freeze();
            case STOP -> stop();
            case DISCONNECT -> disconnect();
            case CRASH -> crash();
            case SPLIT -> split();
            case CANCEL -> cancel();
        };
    }

    /** A ready worker that has a batch in flight; empty when it is the last one. */
    private Optional<String> victim() {
        return cluster.ready().size() < 2 ? Optional.empty() : Optional.of(busy());
    }

    private String busy() {
        var busy = new AtomicReference<List<String>>(List.of());
        await("a worker has a batch in flight")
                .atMost(Cluster.PATIENCE)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> {
                    List<Part> walked =
                            Part.held(db).stream().filter(Part::inBatch).toList();
                    busy.set(cluster.ready().stream()
                            .filter(name -> walked.stream().anyMatch(p -> p.isHeldBy(name)))
                            .toList());
                    return !busy.get().isEmpty();
                });
        return Fault.one(busy.get(), random);
    }

    /** What a worker has, if it has a batch in flight right now. */
    private Optional<Struck> inBatch(Predicate<Part> which) throws SQLException {
        String since = Part.now(db);
        List<Part> parts = Part.held(db).stream().filter(which).toList();
        return parts.stream().anyMatch(Part::inBatch) ? Optional.of(new Struck(parts, since)) : Optional.empty();
    }

    private record Struck(List<Part> parts, String since) {
        Recovery elsewhere(Fault fault, long nanos, Recovery.Afterwards afterwards) {
            return new Recovery(fault, parts, since, nanos, true, afterwards);
        }

        Recovery anywhere(Fault fault, long nanos) {
            return new Recovery(fault, parts, since, nanos, false, () -> {});
        }
    }

    private Optional<Recovery> kill() throws Exception {
        Optional<String> name = victim();
        Optional<Struck> struck = name.isEmpty() ? Optional.empty() : inBatch(p -> p.isHeldBy(name.get()));
        if (struck.isEmpty()) {
            return Optional.empty();
        }
        cluster.worker(name.get()).kill();
        long killed = time.nanos();
        boolean atOnce = random.nextBoolean();
        if (atOnce) {
            cluster.start(name.get());
        }
        return Optional.of(struck.get().elsewhere(Fault.KILL, killed, () -> {
            if (!atOnce) {
                cluster.start(name.get());
            }
        }));
    }

    private Optional<Recovery> freeze() throws Exception {
        Optional<String> name = victim();
        Optional<Struck> struck = name.isEmpty() ? Optional.empty() : inBatch(p -> p.isHeldBy(name.get()));
        if (struck.isEmpty()) {
            return Optional.empty();
        }
        cluster.freeze(name.get());
        WorkerProcess worker = cluster.worker(name.get());
        int said = worker.said().length();
        return Optional.of(struck.get().elsewhere(Fault.FREEZE, time.nanos(), () -> {
            time.pause(Duration.ofMillis(random.nextInt(1000)));
            Set<Part> taken = taken(struck.get().parts());
            cluster.thaw(name.get());
            for (Part part : taken) {
                await("the frozen lane of " + part + " says once that it changes nothing more")
                        .atMost(Cluster.PATIENCE)
                        .during(Duration.ofMillis(300))
                        .until(() -> fenced(worker.said().substring(said), part) == 1);
            }
        }));
    }

    /** Those that somebody else walks now: whoever had them has to find that out. */
    private Set<Part> taken(List<Part> parts) throws SQLException {
        List<Part> now = Part.all(db, "infinity");
        return parts.stream()
                .filter(then -> now.stream()
                        .anyMatch(p -> p.is(then) && !p.done() && !p.owner().equals(then.owner())))
                .collect(Collectors.toSet());
    }

    private static long fenced(String said, Part part) {
        return FENCED.matcher(said)
                .results()
                .filter(m -> m.group(1).equals("" + part.lane())
                        && m.group(2).equals(part.run().toString()))
                .count();
    }

    private Optional<Recovery> stop() throws Exception {
        Optional<String> name = victim();
        Optional<Struck> struck = name.isEmpty() ? Optional.empty() : inBatch(p -> p.isHeldBy(name.get()));
        if (struck.isEmpty()) {
            return Optional.empty();
        }
        WorkerProcess worker = cluster.worker(name.get());
        worker.askToStop();
        return Optional.of(struck.get().elsewhere(Fault.STOP, time.nanos(), () -> {
            assertThat(worker.stop()).isEqualTo(143);
            cluster.start(name.get());
        }));
    }

    /** One connection in mid-batch, or every connection of a worker. */
    private Optional<Recovery> disconnect() throws Exception {
        String name = busy();
        String batch = "state = 'active' AND query LIKE '%sluice_claim%'";
        String all = "SELECT pg_terminate_backend(pid) AS hit, " + batch
                + " AS batch FROM pg_stat_activity WHERE usename = '" + name + "'";
        String sessions = random.nextBoolean() ? all : all + " AND " + batch + " LIMIT 1";
        Optional<Struck> struck = inBatch(p -> p.isHeldBy(name));
        boolean hit = db.value("SELECT coalesce(bool_or(hit AND batch), false) FROM (" + sessions + ") hits")
                .equals("t");
        return hit ? struck.map(s -> s.anywhere(Fault.DISCONNECT, time.nanos())) : Optional.empty();
    }

    private Optional<Recovery> crash() throws Exception {
        boolean inBatch = inBatch(p -> true).isPresent();
        cluster.server().stopImmediately();
        time.pause(Duration.ofMillis(random.nextInt(1500)));
        cluster.server().startAgain();
        Struck struck = new Struck(Part.held(db), Part.now(db));
        return inBatch ? Optional.of(struck.anywhere(Fault.CRASH, time.nanos())) : Optional.empty();
    }

    /**
     * A further lane joins a run. It has no partition of its own, so it splits the largest that is left. Counts where
     * it was seen waiting for the lock of a batch in flight.
     */
    private Optional<Recovery> split() throws Exception {
        UUID run = running();
        Optional<Struck> struck = inBatch(p -> p.run().equals(run));
        long begun = time.nanos();
        db.run("INSERT INTO sluice.lane (run_id, lane, wanted_at) SELECT id, " + furtherLanes++
                + ", clock_timestamp() - interval '1 hour' FROM sluice.run WHERE id = '" + run
                + "' AND state = 'running'");
        String look = "SELECT (SELECT count(*) FROM sluice.checkpoint WHERE run_id = '" + run + "'),"
                + " (SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                + " AND query LIKE 'select %\"sluice\".\"checkpoint\"%'), state FROM sluice.run WHERE id = '" + run
                + "'";
        long partitions = -1;
        boolean waited = false;
        try (Connection c = db.connect();
                PreparedStatement s = c.prepareStatement(look)) {
            while (true) {
                try (ResultSet r = s.executeQuery()) {
                    r.next();
                    if (partitions >= 0 && r.getLong(1) > partitions) {
                        return waited ? struck.map(x -> x.anywhere(Fault.SPLIT, begun)) : Optional.empty();
                    }
                    if (!r.getString(3).equals("running")) {
                        return Optional.empty();
                    }
                    partitions = r.getLong(1);
                    waited |= r.getLong(2) > 0;
                }
                assertThat(time.nanos() - begun).isLessThan(Cluster.PATIENCE.toNanos());
                time.pause(Duration.ofMillis(2));
            }
        }
    }

    private Optional<Recovery> cancel() throws Exception {
        UUID run = running();
        Optional<Struck> struck = inBatch(p -> p.run().equals(run));
        cluster.post(
                "/api/v1/runs/" + run + "/cancel",
                () -> List.of("cancelled", "succeeded").contains(runs.state(run)));
        if (runs.state(run).equals("succeeded")) {
            return Optional.empty();
        }
        String walked = "SELECT sum(batches) FROM sluice.checkpoint WHERE run_id = '" + run + "'";
        String batches = db.value(walked);
        time.pause(Duration.ofMillis(random.nextInt(1500)));
        assertThat(db.value(walked))
                .as("nothing is committed after a cancel was acknowledged")
                .isEqualTo(batches);
        long resumed = time.nanos();
        cluster.post("/api/v1/runs/" + run + "/resume", () -> !runs.state(run).equals("cancelled"));
        return struck.map(s -> s.anywhere(Fault.CANCEL, resumed));
    }

    private UUID running() {
        await("a run is running")
                .atMost(Cluster.PATIENCE)
                .until(() -> !runs.in("running").isEmpty());
        return Fault.one(runs.in("running"), random);
    }
}
