package dev.sluice.config;

import dev.sluice.time.DurationText;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Everything the operator sets, checked. Ranges and defaults of each value stand in {@code docs/configuration.md}.
 *
 * @param databases by name; holds {@code control} at the least
 * @param control name of the database that keeps runs, events and schedules
 * @param jobs folder of the job files
 * @param http the HTTP door
 * @param worker this process
 * @param retry how errors that nobody foresaw are retried
 * @param verify how often verification looks
 * @param retention how long what is over is kept
 * @param batch how the size of a batch adapts
 * @param throttle how the pace of a lane follows the signals
 */
public record Settings(
        Map<String, Database> databases,
        String control,
        Path jobs,
        Http http,
        Worker worker,
        Retry retry,
        Verify verify,
        Retention retention,
        Batch batch,
        Throttle throttle) {
    private static final String NONE = "(none)";

    public Settings {
        databases = Map.copyOf(databases);
    }

    /** The database that keeps runs, events and schedules. */
    public Database controlDatabase() {
        Database found = databases.get(control);
        if (found == null) {
            throw new IllegalStateException("control names no database: " + control);
        }
        return found;
    }

    /**
     * How to reach a database, and how long things may take there.
     *
     * @param url JDBC URL, without credentials
     * @param user role to connect as
     * @param password its password, if it needs one
     * @param poolSize connections at most
     * @param cores of the server's machine, where the operator tells
     * @param lockTimeout {@code lock_timeout} of every session; below the server's {@code deadlock_timeout}
     * @param statementTimeout {@code statement_timeout}
     * @param idleInTransactionTimeout {@code idle_in_transaction_session_timeout}
     * @param transactionTimeout {@code transaction_timeout}, PostgreSQL 17 and newer
     * @param analyzeTimeout {@code statement_timeout} of ANALYZE
     * @param connectTimeout of a new connection
     * @param socketTimeout how long a read from the server may take
     * @param rowsPerSecond keys walked per second at most, by all runs and workers together
     * @param walPerHour bytes of WAL in an hour at most, of all runs and workers together
     */
    public record Database(
            String url,
            String user,
            Optional<String> password,
            int poolSize,
            Optional<Integer> cores,
            Duration lockTimeout,
            Duration statementTimeout,
            Duration idleInTransactionTimeout,
            Duration transactionTimeout,
            Duration analyzeTimeout,
            Duration connectTimeout,
            Duration socketTimeout,
            Optional<Integer> rowsPerSecond,
            Optional<Long> walPerHour) {

        /** Without the password. */
        @Override
        public String toString() {
            return "Database[url=" + ConnectionUrl.shown(url) + ", user=" + user + ", password="
                    + (password.isPresent() ? Mask.HIDDEN : "none") + "]";
        }
    }

    /**
     * The HTTP door.
     *
     * @param host address to listen on
     * @param port 0 takes any free one
     * @param publicMetrics whether {@code /metrics} needs no token
     * @param publicOpenapi whether {@code /openapi.json} needs no token
     * @param maxBody bytes of a request's body at most
     * @param tokens who may come in; empty means anybody who reaches the loopback address
     */
    public record Http(
            String host, int port, boolean publicMetrics, boolean publicOpenapi, int maxBody, List<Token> tokens) {
        public Http {
            tokens = List.copyOf(tokens);
        }
    }

    /**
     * One bearer token.
     *
     * @param name stands in the event log as who did it
     * @param role what it may do
     * @param hash of the token; the token itself is kept nowhere
     */
    public record Token(String name, Role role, TokenHash hash) {}

    /**
     * This process.
     *
     * @param name unique among the workers of a control database
     * @param threads runs carried at the same time
     * @param heartbeat how often a carried run shows a sign of life
     * @param takeover after how long without one another worker takes the run
     * @param checkIn how often the scheduler of a worker reports to the others
     * @param jobsRefresh how often the jobs folder is looked at
     * @param stopTimeout how long a stopping worker waits for its batches
     */
    public record Worker(
            String name,
            int threads,
            Duration heartbeat,
            Duration takeover,
            Duration checkIn,
            Duration jobsRefresh,
            Duration stopTimeout) {}

    /**
     * Retries of errors that are neither the data's nor the definition's fault.
     *
     * @param attempts of the same batch, for errors of no known kind
     * @param firstWait before the second attempt; grows from there
     * @param maxWait no wait is longer
     */
    public record Retry(int attempts, Duration firstWait, Duration maxWait) {}

    /**
     * Verification.
     *
     * @param maxSweeps further passes for late rows before a run is incomplete
     * @param repeatEvery how often an open gate's evidence is renewed
     * @param evidenceExpiresAfter the age from which evidence that was not renewed is void; empty for twice
     *     {@code repeatEvery} and what the last look took
     */
    public record Verify(int maxSweeps, Duration repeatEvery, Optional<Duration> evidenceExpiresAfter) {}

    /**
     * How long what is over is kept.
     *
     * @param runs ended runs that a later one has followed, with all that is kept of them
     * @param events lines of the event log that may go at all
     */
    public record Retention(Duration runs, Duration events) {}

    /**
     * How the size of a batch follows its time.
     *
     * @param weight of a new batch in the smoothed time of a key
     * @param growth factor by which the next batch is larger at most
     * @param panic a batch over so many times its target makes the next one as small as would have fitted
     */
    public record Batch(double weight, double growth, double panic) {}

    /**
     * How the pace of a lane follows the pressure of the signals, which is 1.0 at a limit.
     *
     * @param cores share of a server's cores that batches may keep busy beside others; empty for the default
     * @param shortestBatch however slow the pace is
     * @param start pace with which a lane begins
     * @param weight of a new reading in the smoothed pressure
     * @param calm below this pressure the pace grows
     * @param hold from this pressure on nothing is done
     * @param floor the slowest pace short of a hold, a share of time
     * @param goodFor how long a hold lasts after the pressure went under the limit
     * @param settle how long the pace stays as it is after it has shrunk
     * @param growth factor a second by which the pace grows at most
     * @param probe factor a second by which it grows beyond the pace at which it last had to shrink
     * @param shrink no step makes the pace smaller than this part of it
     * @param urgent from this pressure on it shrinks again without waiting
     */
    public record Throttle(
            Optional<Double> cores,
            Duration shortestBatch,
            double start,
            double weight,
            double calm,
            double hold,
            double floor,
            Duration goodFor,
            Duration settle,
            double growth,
            double probe,
            double shrink,
            double urgent) {}

    /** One {@code key=value} a line, sorted, for the log: passwords and hashes are hidden. */
    public String redacted() {
        var lines = new TreeMap<String, @Nullable Object>();
        databases.forEach((name, d) -> {
            String at = "databases." + name + ".";
            lines.put(at + "url", ConnectionUrl.shown(d.url()));
            lines.put(at + "user", d.user());
            lines.put(at + "password", d.password().isPresent() ? Mask.HIDDEN : NONE);
            lines.put(at + "pool-size", d.poolSize());
            lines.put(at + "cores", d.cores().map(String::valueOf).orElse("(not given)"));
            lines.put(at + "lock-timeout", text(d.lockTimeout()));
            lines.put(at + "statement-timeout", text(d.statementTimeout()));
            lines.put(at + "idle-in-transaction-timeout", text(d.idleInTransactionTimeout()));
            lines.put(at + "transaction-timeout", text(d.transactionTimeout()));
            lines.put(at + "analyze-timeout", text(d.analyzeTimeout()));
            lines.put(at + "connect-timeout", text(d.connectTimeout()));
            lines.put(at + "socket-timeout", text(d.socketTimeout()));
            lines.put(
                    at + "rows-per-second",
                    d.rowsPerSecond().map(String::valueOf).orElse(NONE));
            lines.put(at + "wal-per-hour", d.walPerHour().map(SizeText::format).orElse(NONE));
        });
        lines.put("control", control);
        lines.put("jobs", jobs);
        lines.put("http.host", http.host());
        lines.put("http.port", http.port());
        lines.put("http.public-metrics", http.publicMetrics());
        lines.put("http.public-openapi", http.publicOpenapi());
        lines.put("http.max-body", http.maxBody());
        for (int i = 0; i < http.tokens().size(); i++) {
            Token token = http.tokens().get(i);
            lines.put(
                    "http.tokens[" + i + "]", token.name() + ", " + token.role().code() + ", " + Mask.HIDDEN);
        }
        lines.put("worker.name", worker.name());
        lines.put("worker.threads", worker.threads());
        lines.put("worker.heartbeat", text(worker.heartbeat()));
        lines.put("worker.takeover", text(worker.takeover()));
        lines.put("worker.check-in", text(worker.checkIn()));
        lines.put("worker.jobs-refresh", text(worker.jobsRefresh()));
        lines.put("worker.stop-timeout", text(worker.stopTimeout()));
        lines.put("retry.attempts", retry.attempts());
        lines.put("retry.first-wait", text(retry.firstWait()));
        lines.put("retry.max-wait", text(retry.maxWait()));
        lines.put("verify.max-sweeps", verify.maxSweeps());
        lines.put("verify.repeat-every", text(verify.repeatEvery()));
        lines.put(
                "verify.evidence-expires-after",
                verify.evidenceExpiresAfter().map(Settings::text).orElse("(not given)"));
        lines.put("retention.runs", text(retention.runs()));
        lines.put("retention.events", text(retention.events()));
        lines.put("batch.weight", batch.weight());
        lines.put("batch.growth", batch.growth());
        lines.put("batch.panic", batch.panic());
        lines.put("throttle.cores", throttle.cores().map(String::valueOf).orElse("(default)"));
        lines.put("throttle.shortest-batch", text(throttle.shortestBatch()));
        lines.put("throttle.start", throttle.start());
        lines.put("throttle.weight", throttle.weight());
        lines.put("throttle.calm", throttle.calm());
        lines.put("throttle.hold", throttle.hold());
        lines.put("throttle.floor", throttle.floor());
        lines.put("throttle.good-for", text(throttle.goodFor()));
        lines.put("throttle.settle", text(throttle.settle()));
        lines.put("throttle.growth", throttle.growth());
        lines.put("throttle.probe", throttle.probe());
        lines.put("throttle.shrink", throttle.shrink());
        lines.put("throttle.urgent", throttle.urgent());
        var out = new StringBuilder();
        lines.forEach((key, value) -> out.append(key).append('=').append(value).append('\n'));
        return out.toString();
    }

    private static String text(Duration length) {
        return DurationText.format(length);
    }
}
