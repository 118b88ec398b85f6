package dev.sluice.config;

import dev.sluice.problem.Problem;
import dev.sluice.time.DurationText;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Reads the settings: defaults, then the file, then the environment, the later one winning. */
public final class SettingsReader {
    private static final Pattern KEY_IN_MESSAGE = Pattern.compile("sluice\\.([a-z0-9.\\[\\]-]+)");

    private SettingsReader() {}

    /**
     * Reads and checks everything.
     *
     * @param config the file named by {@code --config}; without it {@code SLUICE_CONFIG} names one, or there is none
     * @param environment the variables of the process
     * @throws Problem INVALID {@code bad-settings}: every mistake on a line of its own; {@code mistakes} in the details
     *     is the list of them as text
     */
    public static Settings read(Optional<Path> config, Map<String, String> environment) {
        var given = new GivenValues();
        config.or(() -> Optional.ofNullable(environment.get("SLUICE_CONFIG"))
                        .filter(v -> !v.isEmpty())
                        .map(Path::of))
                .ifPresent(file -> SettingsFile.read(file, given));
        SettingsVariables.read(environment, given);
        Optional<SettingsMapping> mapped = map(given);
        Optional<Settings> settings = mapped.map(m -> settings(m, environment));
        settings.ifPresentOrElse(s -> SettingsCheck.check(s, given), () -> checkTheRest(given, environment));
        if (!given.mistakes().isEmpty() || settings.isEmpty()) {
            throw refused(given.mistakes());
        }
        return settings.get();
    }

    /**
     * What holds where the operator sets nothing, which is written in {@link SettingsMapping} alone; its one database
     * has an address that leads nowhere.
     */
    public static Settings defaults() {
        return Defaults.SETTINGS;
    }

    /** Read when first asked for. */
    private static final class Defaults {
        static final Settings SETTINGS = read(
                Optional.empty(),
                Map.of(
                        "SLUICE_DATABASES_MAIN_URL", "jdbc:postgresql:nowhere",
                        "SLUICE_DATABASES_MAIN_USER", "nobody",
                        "HOSTNAME", "worker"));
    }

    /** What is wrong besides: with something that will do in place of what is missing or no value at all. */
    private static void checkTheRest(GivenValues given, Map<String, String> environment) {
        GivenValues patched = given.patched(KnownKeys::placeholder);
        map(patched).map(m -> settings(m, environment)).ifPresent(s -> {
            SettingsCheck.check(s, patched);
            patched.mistakes().stream().filter(m -> !given.refuses(m.key())).forEach(given::refuse);
        });
    }

    private static Problem refused(List<SettingsMistake> mistakes) {
        List<String> lines = mistakes.stream().map(SettingsMistake::toString).toList();
        String count = mistakes.size() == 1 ? "1 mistake" : mistakes.size() + " mistakes";
        return new Problem(
                Problem.Kind.INVALID,
                "bad-settings",
                "The configuration has " + count + ":\n  " + String.join("\n  ", lines),
                Map.of("mistakes", lines));
    }

    private static Optional<SettingsMapping> map(GivenValues given) {
        try {
            var config = new SmallRyeConfigBuilder()
                    .withSources(new PropertiesConfigSource(given.properties(), "file and environment", 300))
                    .withConverter(
                            Duration.class,
                            1000,
                            text -> DurationText.parse(text)
                                    .orElseThrow(() -> new IllegalArgumentException(DurationText.FORM)))
                    .withConverter(
                            SettingsMapping.Size.class,
                            1000,
                            text -> new SettingsMapping.Size(SizeText.parse(text)
                                    .orElseThrow(() -> new IllegalArgumentException(SizeText.FORM))))
                    .withConverter(Boolean.class, 1000, SettingsReader::bool)
                    .withConverter(
                            Role.class,
                            1000,
                            text -> Role.of(text).orElseThrow(() -> new IllegalArgumentException(Role.choices())))
                    .withConverter(
                            TokenHash.class,
                            1000,
                            text -> TokenHash.parse(text).orElseThrow(() -> new IllegalArgumentException("not a hash")))
                    .withMapping(SettingsMapping.class)
                    .build();
            return Optional.of(config.getConfigMapping(SettingsMapping.class));
        } catch (ConfigValidationException e) {
            for (int i = 0; i < e.getProblemCount(); i++) {
                Matcher m = KEY_IN_MESSAGE.matcher(e.getProblem(i).getMessage());
                if (!m.find()) {
                    throw e;
                }
                explain(m.group(1), given);
            }
            return Optional.empty();
        }
    }

    private static void explain(String key, GivenValues given) {
        String variable = KnownKeys.variableOf(key);
        given.find(key)
                .filter(v -> !v.text().isEmpty())
                .ifPresentOrElse(
                        value -> given.refuse(
                                value.place(),
                                key,
                                (Mask.isSecret(key) ? "the value" : '"' + Mask.brief(value.text()) + '"') + " is not "
                                        + KnownKeys.expectation(key) + ".",
                                "write " + KnownKeys.expectation(key) + "."),
                        () -> given.refuse(
                                given.place(key),
                                key,
                                "is missing.",
                                "set " + key + " in the file, or " + variable + " in the environment."));
    }

    private static Boolean bool(String text) {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("neither true nor false");
        };
    }

    private static Settings settings(SettingsMapping m, Map<String, String> environment) {
        var databases = new HashMap<String, Settings.Database>();
        m.databases()
                .forEach((name, d) -> databases.put(
                        name,
                        new Settings.Database(
                                d.url(),
                                d.user(),
                                d.password(),
                                d.poolSize(),
                                d.cores(),
                                d.lockTimeout(),
                                d.statementTimeout(),
                                d.idleInTransactionTimeout(),
                                d.transactionTimeout(),
                                d.analyzeTimeout(),
                                d.connectTimeout(),
                                d.socketTimeout(),
                                d.rowsPerSecond(),
                                d.walPerHour().map(SettingsMapping.Size::bytes))));
        var h = m.http();
        var tokens = h.tokens().stream()
                .map(t -> new Settings.Token(t.name(), t.role(), t.hash()))
                .collect(Collectors.toList());
        String host = h.host().orElse(tokens.isEmpty() ? "127.0.0.1" : "0.0.0.0");
        var w = m.worker();
        return new Settings(
                databases,
                m.control(),
                m.jobs(),
                new Settings.Http(
                        host,
                        h.port(),
                        h.publicMetrics(),
                        h.publicOpenapi(),
                        (int) Math.min(Integer.MAX_VALUE, h.maxBody().bytes()),
                        tokens),
                new Settings.Worker(
                        w.name().orElseGet(() -> hostName(environment)),
                        w.threads(),
                        w.heartbeat(),
                        w.takeover(),
                        w.checkIn(),
                        w.jobsRefresh(),
                        w.stopTimeout()),
                new Settings.Retry(
                        m.retry().attempts(), m.retry().firstWait(), m.retry().maxWait()),
                new Settings.Verify(
                        m.verify().maxSweeps(),
                        m.verify().repeatEvery(),
                        m.verify().evidenceExpiresAfter()),
                new Settings.Retention(m.retention().runs(), m.retention().events()),
                new Settings.Batch(
                        m.batch().weight(), m.batch().growth(), m.batch().panic()),
                new Settings.Throttle(
                        m.throttle().cores(),
                        m.throttle().shortestBatch(),
                        m.throttle().start(),
                        m.throttle().weight(),
                        m.throttle().calm(),
                        m.throttle().hold(),
                        m.throttle().floor(),
                        m.throttle().goodFor(),
                        m.throttle().settle(),
                        m.throttle().growth(),
                        m.throttle().probe(),
                        m.throttle().shrink(),
                        m.throttle().urgent()));
    }

    private static String hostName(Map<String, String> environment) {
        String name = environment.getOrDefault("HOSTNAME", "");
        if (!name.isEmpty()) {
            return name;
        }
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "worker";
        }
    }
}
