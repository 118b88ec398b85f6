package dev.sluice.job;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Reads {@code migrate.settings}, and refuses what the engine needs as it is. */
final class SettingsTranslation {
    private static final String KEY = "migrate.settings";

    private static final Set<String> TIMEOUTS = Set.of(
            "lock_timeout",
            "statement_timeout",
            "transaction_timeout",
            "idle_in_transaction_session_timeout",
            "idle_session_timeout",
            "deadlock_timeout");

    private final Keys keys;
    private final Mistakes mistakes;

    SettingsTranslation(Keys keys, Mistakes mistakes) {
        this.keys = keys;
        this.mistakes = mistakes;
    }

    /** By name, in the order of the file. */
    Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        Map<String, String> spelled = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        keys.texts(KEY).forEach((name, value) -> {
            String key = KEY + "." + name;
            Optional<String> needed = neededFor(name.toLowerCase(Locale.ROOT), value);
            String other = spelled.putIfAbsent(name, name);
            if (needed.isPresent()) {
                mistakes.add(
                        key,
                        "engine-setting",
                        "\"" + name + "\" is not a job's to set: " + needed.get() + ".",
                        "Take the key away.");
            } else if (other != null) {
                mistakes.add(
                        key,
                        "duplicate-setting",
                        "it is the same setting as \"" + other
                                + "\": the server knows no upper and lower case in them.",
                        "Keep one of them.");
            } else {
                settings.put(name, value);
            }
        });
        return settings;
    }

    /** What the engine needs a setting for; empty for those that a job may set. */
    private static Optional<String> neededFor(String name, String value) {
        if (TIMEOUTS.contains(name)) {
            return Optional.of("it bounds how long a batch holds its locks, and is set for the database"
                    + " (databases.*.lock-timeout and its like)");
        }
        if (name.startsWith("enable_") || name.startsWith("jit") || name.equals("plan_cache_mode")) {
            return Optional.of("batches walk an index, and the plans for that are chosen by it");
        }
        if (name.startsWith("transaction_") || name.startsWith("default_transaction_")) {
            return Optional.of("that a batch changes each row once rests on READ COMMITTED");
        }
        return switch (name) {
            case "row_security" ->
                Optional.of("with it off, a row that a policy hides is an error, and not left out in silence");
            case "synchronous_commit" ->
                Optional.of("what waits for the disk, and what does not, is the engine's choice");
            case "role", "session_authorization" ->
                Optional.of("the privileges were looked at for the role that connects");
            case "session_replication_role" ->
                Optional.of("it keeps triggers and foreign keys from being checked, which plan looks at");
            case "application_name" -> Optional.of("the throttle knows its own sessions by it");
            case "client_encoding", "standard_conforming_strings", "backslash_quote" ->
                Optional.of("driver and job files count on it");
            case "extra_float_digits", "intervalstyle" -> Optional.of("positions are kept as the text of keys");
            case "datestyle" ->
                value.toUpperCase(Locale.ROOT).matches("(ISO *, *)?(DMY|MDY|YMD)")
                        ? Optional.empty()
                        : Optional.of("positions are kept as the text of keys, in ISO; only the order may be chosen,"
                                + " such as \"ISO, DMY\"");
            default -> name.startsWith("sluice.") ? Optional.of("names that begin so are Sluice's") : Optional.empty();
        };
    }
}
