package dev.sluice.config;

import dev.sluice.time.DurationText;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;

/** The ranges of single values, and what must hold between them. */
final class SettingsCheck {
    private static final Pattern LOOPBACK = Pattern.compile("localhost|127\\.\\d+\\.\\d+\\.\\d+|::1|\\[::1]");
    private static final Pattern ACTOR = Pattern.compile("[A-Za-z0-9._-]{1,63}");
    private static final Set<String> RESERVED = Set.of("local", "schedule", "dev");
    private static final int MAX_BODY = 1_000_000;
    /** Longer than a key of a repeated request is kept, which names a run. */
    private static final Duration SHORTEST_KEPT = Duration.ofDays(31);

    private static final Duration LONGEST_KEPT = Duration.ofDays(36_500);
    private static final int FASTEST = 1_000_000_000;
    private static final long LEAST_WAL = 1_000_000L;
    private static final long MOST_WAL = 1_000_000_000_000_000L;
    private final GivenValues given;

    private SettingsCheck(GivenValues given) {
        this.given = given;
    }

    /** Adds every mistake to {@code given}. */
    static void check(Settings settings, GivenValues given) {
        var check = new SettingsCheck(given);
        settings.databases().keySet().stream().sorted().forEach(name -> check.database(name, settings));
        check.control(settings);
        check.http(settings.http());
        check.worker(settings.worker());
        check.rest(settings);
        check.servos(settings.batch(), settings.throttle());
    }

    private void control(Settings settings) {
        if (settings.databases().isEmpty()) {
            refuse(
                    "databases",
                    "no database is given.",
                    "set databases.main.url and databases.main.user in the file, or "
                            + "SLUICE_DATABASES_MAIN_URL and SLUICE_DATABASES_MAIN_USER in the environment.");
        } else if (!settings.databases().containsKey(settings.control())) {
            refuse(
                    "control",
                    "there is no database \"" + settings.control() + "\".",
                    "name one of "
                            + String.join(
                                    ", ",
                                    settings.databases().keySet().stream()
                                            .sorted()
                                            .toList())
                            + ", or add databases." + settings.control() + ".");
        }
    }

    private void database(String name, Settings settings) {
        var d = settings.databases().get(name);
        if (d == null) {
            return;
        }
        String at = "databases." + name + ".";
        ConnectionUrl.check(d.url(), at).ifPresent(wrong -> refuse(at + "url", wrong.reason(), wrong.fix()));
        within(at + "pool-size", d.poolSize(), 2, 500);
        d.cores().ifPresent(cores -> within(at + "cores", cores, 1, 4096));
        within(at + "lock-timeout", d.lockTimeout(), Duration.ofMillis(10), Duration.ofMillis(999));
        within(at + "statement-timeout", d.statementTimeout(), Duration.ofSeconds(1), Duration.ofHours(1));
        within(
                at + "idle-in-transaction-timeout",
                d.idleInTransactionTimeout(),
                Duration.ofSeconds(1),
                Duration.ofHours(1));
        within(at + "transaction-timeout", d.transactionTimeout(), Duration.ofSeconds(1), Duration.ofHours(1));
        within(at + "analyze-timeout", d.analyzeTimeout(), Duration.ofSeconds(1), Duration.ofHours(24));
        within(at + "connect-timeout", d.connectTimeout(), Duration.ofSeconds(1), Duration.ofMinutes(5));
        within(at + "socket-timeout", d.socketTimeout(), Duration.ofSeconds(2), Duration.ofHours(24));
        d.rowsPerSecond().ifPresent(r -> within(at + "rows-per-second", r, 1, FASTEST));
        d.walPerHour()
                .filter(w -> w < LEAST_WAL || w > MOST_WAL)
                .ifPresent(w ->
                        refuse(at + "wal-per-hour", SizeText.format(w) + " is out of range.", "write 1MB to 1000TB."));
        notBelow(at + "transaction-timeout", d.transactionTimeout(), at + "statement-timeout", d.statementTimeout());
        notBelow(at + "socket-timeout", d.socketTimeout(), at + "statement-timeout", d.statementTimeout());
    }

    private void http(Settings.Http http) {
        within("http.port", http.port(), 0, 65_535);
        if (http.maxBody() < 1000 || http.maxBody() > MAX_BODY) {
            refuse("http.max-body", http.maxBody() + " bytes is out of range.", "write 1kB to 1MB.");
        }
        if (http.tokens().isEmpty() && !LOOPBACK.matcher(http.host()).matches()) {
            refuse(
                    "http.host",
                    "\"" + http.host() + "\" can be reached from other machines, and there is no token: anybody "
                            + "could start and cancel runs.",
                    "add http.tokens (`sluice token NAME --role operator` makes one), or " + "listen on 127.0.0.1.");
        }
        var names = new HashSet<String>();
        for (int i = 0; i < http.tokens().size(); i++) {
            String name = http.tokens().get(i).name();
            String key = "http.tokens[" + i + "].name";
            if (!ACTOR.matcher(name).matches() || RESERVED.contains(name)) {
                refuse(
                        key,
                        "\"" + name + "\" cannot be a token's name.",
                        "write 1 to 63 letters, digits, dots, dashes or "
                                + "underscores; local, schedule and dev are taken.");
            } else if (!names.add(name)) {
                refuse(
                        key,
                        "\"" + name + "\" is the name of another token too.",
                        "give each token a name of its own: it " + "stands in the event log.");
            }
        }
    }

    private void worker(Settings.Worker w) {
        if (!ACTOR.matcher(w.name()).matches()) {
            refuse(
                    "worker.name",
                    "\"" + w.name() + "\" cannot be a worker's name.",
                    "write 1 to 63 letters, digits, dots, "
                            + "dashes or underscores; without it the host name is taken.");
        }
        within("worker.threads", w.threads(), 1, 1000);
        within("worker.heartbeat", w.heartbeat(), Duration.ofMillis(100), Duration.ofMinutes(1));
        within("worker.takeover", w.takeover(), Duration.ofMillis(200), Duration.ofHours(1));
        if (w.takeover().compareTo(w.heartbeat().multipliedBy(2)) < 0) {
            refuse(
                    "worker.takeover",
                    DurationText.format(w.takeover()) + " is less than two heartbeats of "
                            + DurationText.format(w.heartbeat()) + ".",
                    "write at least " + DurationText.format(w.heartbeat().multipliedBy(2))
                            + ", or shorten worker.heartbeat.");
        }
        within("worker.check-in", w.checkIn(), Duration.ofMillis(100), Duration.ofMinutes(5));
        within("worker.jobs-refresh", w.jobsRefresh(), Duration.ofMillis(100), Duration.ofHours(1));
        within("worker.stop-timeout", w.stopTimeout(), Duration.ofSeconds(1), Duration.ofHours(1));
    }

    private void rest(Settings settings) {
        within("retry.attempts", settings.retry().attempts(), 1, 100);
        within("retry.first-wait", settings.retry().firstWait(), Duration.ofMillis(1), Duration.ofMinutes(1));
        within("retry.max-wait", settings.retry().maxWait(), Duration.ofMillis(1), Duration.ofHours(1));
        notBelow(
                "retry.max-wait",
                settings.retry().maxWait(),
                "retry.first-wait",
                settings.retry().firstWait());
        within("verify.max-sweeps", settings.verify().maxSweeps(), 0, 100);
        within("retention.runs", settings.retention().runs(), SHORTEST_KEPT, LONGEST_KEPT);
        within("retention.events", settings.retention().events(), SHORTEST_KEPT, LONGEST_KEPT);
        within("verify.repeat-every", settings.verify().repeatEvery(), Duration.ofSeconds(1), Duration.ofDays(30));
        settings.verify().evidenceExpiresAfter().ifPresent(d -> {
            within("verify.evidence-expires-after", d, Duration.ofSeconds(1), Duration.ofDays(90));
            notBelow(
                    "verify.evidence-expires-after",
                    d,
                    "verify.repeat-every",
                    settings.verify().repeatEvery());
        });
    }

    private void servos(Settings.Batch b, Settings.Throttle t) {
        within("batch.weight", b.weight(), 0.01, 1);
        within("batch.growth", b.growth(), 1.01, 10);
        within("batch.panic", b.panic(), 1.5, 100);
        t.cores().ifPresent(cores -> within("throttle.cores", cores, 0.001, 1));
        within("throttle.shortest-batch", t.shortestBatch(), Duration.ofMillis(1), Duration.ofSeconds(1));
        within("throttle.start", t.start(), 0.001, 1);
        within("throttle.weight", t.weight(), 0.01, 1);
        within("throttle.calm", t.calm(), 0.1, 0.95);
        within("throttle.hold", t.hold(), 1.1, 100);
        within("throttle.floor", t.floor(), 0.001, 0.5);
        within("throttle.good-for", t.goodFor(), Duration.ZERO, Duration.ofHours(1));
        within("throttle.settle", t.settle(), Duration.ZERO, Duration.ofMinutes(10));
        within("throttle.growth", t.growth(), 1.01, 10);
        within("throttle.probe", t.probe(), 1.001, 10);
        within("throttle.shrink", t.shrink(), 0.1, 0.95);
        within("throttle.urgent", t.urgent(), 1.0, 100);
    }

    /** Not a number is out of every range. */
    private void within(String key, double value, double least, double most) {
        if (!(value >= least && value <= most)) {
            refuse(key, value + " is out of range.", "write " + least + " to " + most + ".");
        }
    }

    private void within(String key, int value, int least, int most) {
        if (value < least || value > most) {
            refuse(key, value + " is out of range.", "write " + least + " to " + most + ".");
        }
    }

    private void within(String key, Duration value, Duration least, Duration most) {
        if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
            refuse(
                    key,
                    DurationText.format(value) + " is out of range.",
                    "write " + DurationText.format(least) + " to " + DurationText.format(most) + ".");
        }
    }

    private void notBelow(String key, Duration value, String other, Duration least) {
        if (value.compareTo(least) < 0) {
            refuse(
                    key,
                    DurationText.format(value) + " is below " + other + ", " + DurationText.format(least) + ".",
                    "write at least " + DurationText.format(least) + ".");
        }
    }

    private void refuse(String key, String reason, String fix) {
        given.refuse(given.place(key), key, reason, fix);
    }
}
