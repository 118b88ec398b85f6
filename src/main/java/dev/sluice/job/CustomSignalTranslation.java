package dev.sluice.job;

import dev.sluice.time.DurationText;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import tools.jackson.databind.JsonNode;

/**
 * Reads the signals that a job file defines itself: {@code sql}, {@code http} and {@code prometheus} of its throttle.
 */
final class CustomSignalTranslation {
    private static final Duration EVERY = Duration.ofSeconds(5);
    private static final Duration MOST_OFTEN = Duration.ofSeconds(1);
    private static final Duration LEAST_OFTEN = Duration.ofHours(1);
    private static final String BAD_VALUE = "bad-value";
    private static final String URL_FIX = "Write an address such as `url: http://metrics.internal:9090`.";

    private final Keys keys;
    private final Mistakes mistakes;
    private final SqlChecks sql;

    CustomSignalTranslation(Keys keys, Mistakes mistakes) {
        this.keys = keys;
        this.mistakes = mistakes;
        this.sql = new SqlChecks(mistakes);
    }

    /** The signals under a key, those with a mistake left out. */
    List<CustomSignal> signals(String key) {
        List<CustomSignal> signals = new ArrayList<>();
        Map<String, String> places = new HashMap<>();
        for (String item : keys.items(key + ".sql")) {
            sql(item, name(item, places)).ifPresent(signals::add);
        }
        for (String item : keys.items(key + ".http")) {
            http(item, name(item, places)).ifPresent(signals::add);
        }
        for (String item : keys.items(key + ".prometheus")) {
            prometheus(item, name(item, places)).ifPresent(signals::add);
        }
        return signals;
    }

    /** The name; empty where that is told already, so that the other keys are looked at all the same. */
    private String name(String item, Map<String, String> places) {
        String key = item + ".name";
        Optional<String> name = keys.text(key);
        if (name.isEmpty()) {
            return "";
        }
        String place = places.putIfAbsent(name.get(), item);
        if (place != null) {
            mistakes.add(
                    key,
                    "duplicate-name",
                    "`" + place + "` has that name already.",
                    "Give each signal of a job a name of its own.");
        } else {
            TakenNames.by(name.get())
                    .ifPresent(by -> mistakes.add(
                            key, "duplicate-name", "`" + name.get() + "` " + by, "Give the signal a name of its own."));
        }
        return name.get();
    }

    private Optional<CustomSignal> sql(String item, String name) {
        Optional<String> query = keys.text(item + ".query");
        query.ifPresent(q -> sql.query(item + ".query", q));
        Duration every = every(item);
        return query.map(q -> new CustomSignal.Sql(name, q, limit(item), every, holds(item)));
    }

    private Optional<CustomSignal> http(String item, String name) {
        Optional<URI> url = url(item + ".url");
        Optional<String> pointer = keys.text(item + ".pointer");
        if (keys.has(item + ".pointer") && !keys.has(item + ".limit")) {
            mistakes.add(
                    item + ".limit",
                    "missing-key",
                    "the key is missing: `pointer` gives a number, and nothing says how large it may be.",
                    "Add `limit: 1000`, or take `pointer` away: then the status alone counts.");
        } else if (keys.has(item + ".limit") && !keys.has(item + ".pointer")) {
            mistakes.add(
                    item + ".pointer",
                    "missing-key",
                    "the key is missing: `limit` is there, and nothing says which number it is for.",
                    "Add `pointer: /queue/length`, or take `limit` away: then the status alone counts.");
        }
        Duration every = every(item);
        return url.map(u -> new CustomSignal.Http(name, u, pointer, limit(item), every, holds(item)));
    }

    private Optional<CustomSignal> prometheus(String item, String name) {
        String key = item + ".url";
        Optional<URI> url = url(key);
        Optional<String> query = keys.text(item + ".query");
        if (query.isPresent() && query.get().isEmpty()) {
            mistakes.add(item + ".query", "empty", "nothing is in it.", "Write a PromQL query.");
        }
        url.ifPresent(u -> {
            if (u.getRawQuery() != null || u.getPath().contains("/api/v1")) {
                mistakes.add(
                        key,
                        BAD_VALUE,
                        "it is the address of a query, not that of the server.",
                        "Write the server's own address, such as `url: http://prometheus:9090`; Sluice adds"
                                + " /api/v1/query.");
            }
        });
        Duration every = every(item);
        return url.isEmpty() || query.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new CustomSignal.Prometheus(name, url.get(), query.get(), limit(item), every, holds(item)));
    }

    private OptionalDouble limit(String item) {
        return keys.value(item + ".limit")
                .filter(JsonNode::isNumber)
                .map(n -> OptionalDouble.of(n.doubleValue()))
                .orElse(OptionalDouble.empty());
    }

    private Duration every(String item) {
        String key = item + ".every";
        Duration every = keys.text(key).flatMap(DurationText::parse).orElse(EVERY);
        if (every.compareTo(MOST_OFTEN) < 0 || every.compareTo(LEAST_OFTEN) > 0) {
            mistakes.add(
                    key,
                    "out-of-range",
                    DurationText.format(every) + " is not within 1s and 1h.",
                    "Write a duration from 1s to 1h, such as `every: 5s`.");
        }
        return every;
    }

    private boolean holds(String item) {
        return !keys.text(item + ".on-unknown").equals(Optional.of("ignore"));
    }

    /** The address; what is wrong with it is told without it, since it may hold a password. */
    private Optional<URI> url(String key) {
        Optional<String> text = keys.text(key);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        URI url;
        try {
            url = new URI(text.get());
        } catch (URISyntaxException e) {
            mistakes.add(
                    key,
                    BAD_VALUE,
                    "it is no address: " + e.getReason() + " at character " + (e.getIndex() + 1) + ".",
                    URL_FIX);
            return Optional.empty();
        }
        if (!"http".equalsIgnoreCase(url.getScheme()) && !"https".equalsIgnoreCase(url.getScheme())) {
            mistakes.add(key, BAD_VALUE, "it does not begin with http:// or https://.", URL_FIX);
        } else if (url.getRawAuthority() != null && url.getRawAuthority().contains("@")) {
            mistakes.add(
                    key,
                    BAD_VALUE,
                    "it holds a user or a password, and job files are no place for secrets.",
                    "Take what stands before the @ away, and let the address answer without, or a proxy add it.");
        } else if (url.getHost() == null || url.getPort() > 65_535) {
            mistakes.add(key, BAD_VALUE, "it names no host, or no port that there is.", URL_FIX);
        } else if (url.getRawFragment() != null) {
            mistakes.add(key, BAD_VALUE, "what follows # is never sent.", "Take the # and what follows away.");
        } else {
            return Optional.of(url);
        }
        return Optional.empty();
    }
}
