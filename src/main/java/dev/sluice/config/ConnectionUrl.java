package dev.sluice.config;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/** The JDBC URL of a PostgreSQL: what is wrong with it, which the driver would say too late, and what may be shown. */
final class ConnectionUrl {
    private static final String BEGINNING = "jdbc:postgresql:";
    private static final Pattern CREDENTIALS = Pattern.compile("(?i)[?&](user|password)=|//[^/]*@");
    private static final Pattern NAMED = Pattern.compile("(?i)[?&]applicationname=");
    private static final Pattern WHOLE = Pattern.compile("-?\\d{1,9}|2147483647");
    private static final Pattern SECRET = Pattern.compile("(?i).*(pass|secret|token|options|arg$).*");
    /** With one of these the parameters may be those of a class that the operator has added. */
    private static final List<String> PLUGINS =
            List.of("socketFactory", "sslfactory", "authenticationPluginClassName", "sslpasswordcallback");
    /** What the driver makes of host, port and database, lists of several hosts included; it has read them well. */
    private static final Set<String> OF_THE_PLACE = Set.of("PGHOST", "PGPORT", "PGDBNAME");
    /** The driver's, which would log a URL that it cannot read; they are held, or the levels would be forgotten. */
    private static final List<Logger> QUIET =
            List.of(Logger.getLogger("org.postgresql.Driver"), Logger.getLogger("org.postgresql.util.PGPropertyUtil"));

    static {
        QUIET.forEach(logger -> logger.setLevel(Level.OFF));
    }

    private ConnectionUrl() {}

    /**
     * Something wrong with a URL; neither part quotes a value that may be secret.
     *
     * @param reason what is wrong
     * @param fix what to write instead
     */
    record Wrong(String reason, String fix) {}

    /**
     * What is wrong with it.
     *
     * @param url as the operator gave it
     * @param at beginning of the keys of its database, such as {@code databases.main.}
     */
    static Optional<Wrong> check(String url, String at) {
        if (!url.startsWith(BEGINNING)) {
            return wrong(
                    "is not the JDBC URL of a PostgreSQL.",
                    "write jdbc:postgresql://HOST:PORT/DATABASE; other databases are not supported yet.");
        }
        if (CREDENTIALS.matcher(url).find()) {
            return credentials(at);
        }
        if (NAMED.matcher(url).find()) {
            // it would have no effect, and whoever wrote it expects one
            return wrong(
                    "gives the sessions an ApplicationName, and they are known by theirs, which is sluice.",
                    "take it out; to tell workers apart, use different roles.");
        }
        Properties read = Driver.parseURL(url, null);
        if (read == null) {
            return wrong(
                    "cannot be read: its host, port, database or a parameter is not written as the driver reads it.",
                    "write jdbc:postgresql://HOST:PORT/DATABASE?PARAMETER=VALUE&…, the port from 1 to 65535, special"
                            + " characters as %XX.");
        }
        if (read.containsKey("user") || read.containsKey("password")) {
            return credentials(at);
        }
        boolean plugged = PLUGINS.stream().anyMatch(read::containsKey);
        return read.stringPropertyNames().stream()
                .filter(name -> !OF_THE_PLACE.contains(name))
                .sorted()
                .map(name -> parameter(name, read.getProperty(name), plugged))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private static Optional<Wrong> credentials(String at) {
        return wrong("holds credentials, and URLs are logged.", "move them to " + at + "user and " + at + "password.");
    }

    private static Optional<Wrong> parameter(String name, String value, boolean plugged) {
        PGProperty known = PGProperty.forName(name);
        if (known == null) {
            return plugged
                    ? Optional.empty()
                    : wrong(
                            "has the parameter " + Mask.brief(name)
                                    + ", which the driver does not know and would ignore.",
                            "write " + nearest(name) + " if that is meant, or take it out.");
        }
        String[] choices = known.getChoices();
        String byDefault = String.valueOf(known.getDefaultValue());
        if (choices != null && !Arrays.stream(value.split(",", -1)).allMatch(v -> isOneOf(choices, v))) {
            return bad(name, value, "one of " + String.join(", ", choices));
        }
        if (WHOLE.matcher(byDefault).matches() && !WHOLE.matcher(value).matches() && !name.equals("loginTimeout")) {
            return bad(name, value, "a whole number");
        }
        boolean flag = byDefault.equals("true") || byDefault.equals("false") || name.equals("ssl");
        if (flag && !isOneOf(new String[] {"true", "false", ""}, value)) {
            return bad(name, value, "true or false");
        }
        return Optional.empty();
    }

    private static boolean isOneOf(String[] choices, String value) {
        return Arrays.stream(choices).anyMatch(value::equalsIgnoreCase);
    }

    private static Optional<Wrong> bad(String name, String value, String expected) {
        return wrong(
                "has " + name + "=" + Mask.brief(value) + ", which is not " + expected + ".",
                "write " + name + "= with " + expected + ", or take it out.");
    }

    private static String nearest(String name) {
        return KnownKeys.nearest(
                name.toLowerCase(Locale.ROOT),
                Arrays.stream(PGProperty.values())
                        .map(PGProperty::getName)
                        .filter(n -> !n.equals("user") && !n.equals("password"))
                        .toList());
    }

    private static Optional<Wrong> wrong(String reason, String fix) {
        return Optional.of(new Wrong(reason, fix));
    }

    /**
     * The URL as it may be logged.
     *
     * @return the same, with what may be secret hidden: credentials before the host, and the values of parameters such
     *     as {@code sslpassword} and of those that the driver does not know
     */
    static String shown(String url) {
        int question = url.indexOf('?');
        String place =
                (question < 0 ? url : url.substring(0, question)).replaceAll("//[^/]*@", "//" + Mask.HIDDEN + "@");
        if (question < 0) {
            return place;
        }
        return place + "?"
                + Arrays.stream(url.substring(question + 1).split("&", -1))
                        .map(ConnectionUrl::shownParameter)
                        .collect(Collectors.joining("&"));
    }

    private static String shownParameter(String parameter) {
        Matcher parts = Pattern.compile("(?s)([^=]*)=(.*)").matcher(parameter);
        if (!parts.matches()) {
            return PGProperty.forName(parameter) == null && !parameter.isEmpty() ? Mask.HIDDEN : parameter;
        }
        String name = parts.group(1);
        boolean open = PGProperty.forName(name) != null && !SECRET.matcher(name).matches();
        return open ? parameter : name + "=" + Mask.HIDDEN;
    }
}
