package dev.sluice.run;

import dev.sluice.checkpoint.DatabaseStop;
import dev.sluice.checkpoint.StopNote;
import dev.sluice.database.Database;
import dev.sluice.database.Databases;
import dev.sluice.event.Actor;
import dev.sluice.event.EventLog;
import dev.sluice.problem.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jooq.DSLContext;
import org.jooq.exception.DataAccessException;

/**
 * {@link FleetStop} in the databases. A stop is noted in the control database first, then made in each target, in all
 * of them at the same time; each keeps the note from going meanwhile. A resume locks the note, lifts the stop in each
 * target, and takes the note away last: where a target does not answer, the note stays, and with it the stop.
 */
public final class StoredFleetStop implements FleetStop {
    private final Databases databases;
    private final StopTable stops;
    private final RunTable runs;

    public StoredFleetStop(Databases databases) {
        this.databases = databases;
        this.stops = new StopTable(databases.control());
        this.runs = new RunTable(databases.control());
    }

    @Override
    public Status now() {
        try {
            return Status.of(stops.read());
        } catch (DataAccessException e) {
            throw databases.control().unavailable(e);
        }
    }

    @Override
    public Status stop(Optional<String> reason, Actor actor) {
        if (reason.filter(r -> r.isBlank() || r.length() > LONGEST_REASON).isPresent()) {
            throw new Problem(
                    Problem.Kind.INVALID,
                    "bad-reason",
                    "A reason has 1 to " + LONGEST_REASON + " characters. Write a shorter one, or none.");
        }
        inControl(tx -> {
            if (StopTable.write(tx, actor.name(), reason)) {
                Map<String, Object> detail = reason.<Map<String, Object>>map(r -> Map.of("reason", r))
                        .orElse(Map.of());
                new EventLog(tx).append(actor, "fleet.stopped", null, null, detail);
            }
            return true;
        });
        Map<String, String> failed = everywhere(this::halt);
        strangers().forEach(name -> failed.put(name, "database \"" + name + "\" is not configured on this worker"));
        if (!failed.isEmpty()) {
            throw new Problem(
                    Problem.Kind.UNAVAILABLE,
                    "stop-incomplete",
                    "The stop is noted, and every database that answers is stopped, but not " + names(failed)
                            + ". Workers hold the runs there as soon as they see the note in the control database,"
                            + " which they look at with every sign of life; until then a batch may commit. Repeat the"
                            + " call until it answers without an error.",
                    Map.of("databases", List.copyOf(failed.keySet())));
        }
        return now();
    }

    /** The note is there before and after it. */
    private void halt(Database target) {
        inControl(tx -> {
            RunTable.mayBeIdle(tx);
            StopNote note = StopTable.keep(tx)
                    .orElseThrow(() -> new Problem(
                            Problem.Kind.CONFLICT,
                            "resumed-meanwhile",
                            "Somebody has let all runs go on while this stop was under way; `sluice events` says who."
                                    + " Talk to them, or repeat the call."));
            return asked(target, halt -> {
                halt.raise(note);
                return true;
            });
        });
    }

    @Override
    public Status resume(Actor actor) {
        Map<String, String> away = everywhere(target -> asked(target, DatabaseStop::read));
        if (!away.isEmpty()) {
            throw incomplete(away, "");
        }
        List<String> lifted = new ArrayList<>();
        inControl(tx -> {
            RunTable.mayBeIdle(tx);
            Optional<StopNote> note = StopTable.lock(tx);
            for (Database target : databases.all()) {
                try {
                    asked(target, halt -> {
                        halt.lift();
                        return lifted.add(target.name());
                    });
                } catch (Problem e) {
                    throw incomplete(
                            Map.of(target.name(), e.getMessage()),
                            lifted.isEmpty()
                                    ? ""
                                    : " In " + String.join(", ", lifted)
                                            + " the workers hold by the control database's note alone;"
                                            + " `sluice stop-all` stops the databases themselves again.");
                }
            }
            if (note.isPresent()) {
                StopTable.remove(tx);
                new EventLog(tx)
                        .append(
                                actor,
                                "fleet.resumed",
                                null,
                                null,
                                Map.of(
                                        "stoppedBy",
                                        note.get().by(),
                                        "stoppedSince",
                                        note.get().since().toString()));
            }
            return true;
        });
        return now();
    }

    private static Problem incomplete(Map<String, String> failed, String more) {
        return new Problem(
                Problem.Kind.UNAVAILABLE,
                "resume-incomplete",
                "All runs stay stopped, since the stop cannot be lifted in " + names(failed) + "." + more
                        + " Repeat the call when it answers.",
                Map.of("databases", List.copyOf(failed.keySet())));
    }

    private static String names(Map<String, String> failed) {
        return failed.entrySet().stream()
                .map(e -> e.getKey() + " (" + e.getValue().replaceAll("[.\\s]+$", "") + ")")
                .collect(Collectors.joining(", "));
    }

    /** Databases of live runs that this worker does not know. */
    private List<String> strangers() {
        List<String> known = databases.all().stream().map(Database::name).toList();
        try {
            return runs.databasesOfLive().stream()
                    .filter(name -> !known.contains(name))
                    .toList();
        } catch (DataAccessException e) {
            throw databases.control().unavailable(e);
        }
    }

    /**
     * Does it in every database at the same time: one that does not answer must not keep the others waiting.
     *
     * @return why it could not be done, by the names of the databases where it could not
     * @throws Problem CONFLICT, which no database is the reason of
     */
    private Map<String, String> everywhere(Consumer<Database> work) {
        Map<String, String> failed = new LinkedHashMap<>();
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            Map<String, Future<?>> all = new LinkedHashMap<>();
            databases.all().forEach(d -> all.put(d.name(), threads.submit(() -> work.accept(d))));
            for (var each : all.entrySet()) {
                try {
                    each.getValue().get();
                } catch (ExecutionException e) {
                    if (e.getCause() instanceof Problem p && p.kind() != Problem.Kind.CONFLICT) {
                        failed.put(each.getKey(), p.getMessage());
                    } else if (e.getCause() instanceof RuntimeException r) {
                        throw r;
                    } else {
                        throw new IllegalStateException(e);
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Problem(Problem.Kind.UNAVAILABLE, "stopped", "This worker is stopping. Ask another one.");
        }
        return failed;
    }

    /** @throws Problem UNAVAILABLE where it does not answer */
    private static <T> T asked(Database target, Function<DatabaseStop, T> question) {
        target.requireReleased();
        try {
            return question.apply(new DatabaseStop(target));
        } catch (DataAccessException e) {
            throw target.unavailable(e);
        }
    }

    private <T> T inControl(Function<DSLContext, T> work) {
        try {
            return databases.aroundTargets().sql().transactionResult(tx -> work.apply(tx.dsl()));
        } catch (DataAccessException e) {
            throw databases.control().unavailable(e);
        }
    }
}
