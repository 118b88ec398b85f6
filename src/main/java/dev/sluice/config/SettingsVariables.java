package dev.sluice.config;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Reads the environment variables that begin with {@code SLUICE_}. An empty one counts as not set. */
final class SettingsVariables {
    /** Read by the launcher and the command line, not settings of the worker. */
    static final Set<String> NOT_SETTINGS = Set.of(
            "SLUICE_CONFIG", "SLUICE_SERVER", "SLUICE_TOKEN", "SLUICE_JAVA_OPTS", "SLUICE_LOG_LEVEL", "SLUICE_STATE");

    /** What Kubernetes puts into a pod for every service whose name begins with "sluice". */
    private static final Pattern SERVICE_LINK = Pattern.compile(
            "SLUICE_(.*_)?(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_\\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)");

    private static final Pattern SERVICE_ADDRESS = Pattern.compile("(tcp|udp|sctp)://.*");

    private SettingsVariables() {}

    /** Puts what the variables say to {@code given}, those that nobody knows as mistakes. */
    static void read(Map<String, String> environment, GivenValues given) {
        new TreeMap<>(environment).forEach((name, value) -> {
            if (name.startsWith(KnownKeys.VARIABLE_PREFIX) && !value.isEmpty() && !isOfOthers(name, value)) {
                KnownKeys.ofVariable(name)
                        .ifPresentOrElse(
                                key -> given.put(key, value, name),
                                () -> given.refuse(
                                        name,
                                        "",
                                        "unknown variable.",
                                        "write " + KnownKeys.nearestVariable(name)
                                                + ", or unset it; docs/configuration.md lists every key."));
            }
        });
    }

    private static boolean isOfOthers(String name, String value) {
        return NOT_SETTINGS.contains(name)
                || SERVICE_LINK.matcher(name).matches()
                || (name.endsWith("_PORT") && SERVICE_ADDRESS.matcher(value).matches());
    }
}
