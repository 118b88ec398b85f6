package dev.sluice.plan;

import dev.sluice.database.Database;
import dev.sluice.database.ErrorKind;
import dev.sluice.database.SqlFailure;
import dev.sluice.job.CustomSignal;
import dev.sluice.throttle.CustomSources;
import dev.sluice.throttle.Fetch;
import dev.sluice.throttle.Measurement;
import dev.sluice.throttle.SignalEvaluator;
import dev.sluice.throttle.UnusableSignalException;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Reads each signal once that the job file defines itself, as a run would. A query that can never give a number is
 * refused; whatever may be otherwise the next time is a warning.
 */
final class CustomSignalChecks {
    /** For the answers of other places: whoever asks for a plan waits for them. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final String TOO_LONG = "57014";
    private static final String PERMISSION_DENIED = "42501";

    private final Database database;
    private final List<CustomSignal> signals;
    private final Findings findings;

    CustomSignalChecks(Database database, List<CustomSignal> signals, Findings findings) {
        this.database = database;
        this.signals = signals;
        this.findings = findings;
    }

    /** Reads those of the job's database. */
    void queries() {
        for (CustomSignal signal : signals) {
            if (signal instanceof CustomSignal.Sql sql) {
                query(sql);
            }
        }
    }

    private void query(CustomSignal.Sql sql) {
        try {
            read(sql, CustomSources.readOnce(sql, database));
        } catch (UnusableSignalException e) {
            never(sql, told(e), "write a query that gives one row with one number.");
        } catch (IOException e) {
            unknown(
                    sql,
                    told(e),
                    "write it so that it gives one number whatever the rows are, such as"
                            + " `SELECT coalesce(max(age), 0) FROM …`");
        } catch (SQLException e) {
            failed(sql, e);
        }
    }

    private void failed(CustomSignal.Sql sql, SQLException e) {
        SqlFailure failure = SqlFailure.in(e).orElseThrow(() -> database.unavailable(e));
        // the transaction that reads it may not write, wherever it runs
        if (failure.kind() == ErrorKind.DEFINITION || failure.kind() == ErrorKind.READ_ONLY) {
            never(sql, told(e), fix(failure));
        } else if (failure.sqlState().equals(TOO_LONG)) {
            unknown(sql, told(e), "write a cheaper query, or create the index that it lacks");
        } else {
            unknown(sql, told(e), "see what the error says");
        }
    }

    private static String fix(SqlFailure failure) {
        if (failure.sqlState().equals(PERMISSION_DENIED)) {
            return "GRANT the worker's role what the query reads.";
        }
        return failure.kind() == ErrorKind.READ_ONLY
                ? "write a query that only reads."
                : "correct the query, and try it with psql.";
    }

    /** Asks those of other places, all at once. Where this is asked from, they may not be reached. */
    void otherPlaces() {
        Map<CustomSignal, Future<List<Measurement>>> asked = new LinkedHashMap<>();
        try (Fetch fetch = Fetch.within(PATIENCE);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (CustomSignal signal : signals) {
                if (!(signal instanceof CustomSignal.Sql)) {
                    asked.put(
                            signal,
                            threads.submit(() ->
                                    CustomSources.of(signal, database, fetch).read()));
                }
            }
            for (Map.Entry<CustomSignal, Future<List<Measurement>>> one : asked.entrySet()) {
                await(one.getKey(), one.getValue());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void await(CustomSignal signal, Future<List<Measurement>> answer) throws InterruptedException {
        try {
            read(signal, answer.get());
        } catch (ExecutionException e) {
            unknown(signal, told(e.getCause() == null ? e : e.getCause()), "see that the workers get an answer there");
        }
    }

    private void read(CustomSignal signal, List<Measurement> levels) {
        SignalEvaluator.of(signal, levels).ifPresent(verdict -> {
            // without a limit of its own the text says it all
            String text = signal.limit().isPresent() || verdict.hard()
                    ? verdict.text()
                    : signal.name() + " " + levels.getFirst().text();
            findings.info(
                    "signal-read",
                    key(signal),
                    text + (verdict.isOver() ? ": a run would go slower now, or hold." : "."));
        });
    }

    private void never(CustomSignal signal, String why, String fix) {
        String fact = "Signal " + signal.name() + " cannot be read: " + why + ".";
        if (signal.holdsWhenUnknown()) {
            findings.refuse("signal-unreadable", key(signal), fact + " A run would hold without end.", fix);
        } else {
            findings.warn("signal-off", key(signal), fact + " A run goes on without it.", fix);
        }
    }

    private void unknown(CustomSignal signal, String why, String fix) {
        boolean holds = signal.holdsWhenUnknown();
        findings.warn(
                "signal-unknown",
                key(signal),
                "Signal " + signal.name() + " is unknown now: " + why + "."
                        + (holds ? " A run holds while that is so." : " A run goes on without it."),
                fix + (holds ? "; or say `on-unknown: ignore`, where runs may go on without it." : "."));
    }

    private static String told(Throwable e) {
        return String.valueOf(e.getMessage());
    }

    private static String key(CustomSignal signal) {
        return "migrate.throttle." + kind(signal) + "[" + signal.name() + "]";
    }

    /** The key of {@code throttle} that the signal stands under. */
    static String kind(CustomSignal signal) {
        return switch (signal) {
            case CustomSignal.Sql ignored -> "sql";
            case CustomSignal.Http ignored -> "http";
            case CustomSignal.Prometheus ignored -> "prometheus";
        };
    }
}
