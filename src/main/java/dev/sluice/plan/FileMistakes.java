package dev.sluice.plan;

import dev.sluice.job.CustomSignal;
import dev.sluice.job.JobFile;
import dev.sluice.job.Mistake;
import dev.sluice.plan.PlanReport.Finding;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Tells refusals of the database as mistakes of the job file, with its line. */
public final class FileMistakes {
    private static final Pattern NAMED =
            Pattern.compile("(?<list>migrate\\.throttle\\.(?<kind>[a-z]+))\\[(?<name>[^]]+)]");

    private FileMistakes() {}

    /**
     * The refusals among the findings, in the file's order.
     *
     * @param file that defines the job
     * @param findings of its {@link Check} or {@link PlanReport}
     */
    public static List<Mistake> of(JobFile file, List<Finding> findings) {
        return findings.stream()
                .filter(f -> f.level().equals(Findings.REFUSE))
                .map(f -> new Mistake(file.path(), line(file, f.key()), f.key(), f.code(), f.message(), f.fix()))
                .sorted(java.util.Comparator.comparingInt(m -> m.line() == null ? 0 : m.line()))
                .toList();
    }

    /**
     * The line of the key, or of the nearest key around it that the file has.
     *
     * @param key dotted; a signal that the file defines itself is named in it, and not counted
     */
    public static @Nullable Integer line(JobFile file, String key) {
        return line(file.lines(), counted(file, key));
    }

    /** {@code migrate.throttle.sql[load]} as the file's own {@code migrate.throttle.sql[0]}. */
    private static String counted(JobFile file, String key) {
        Matcher named = NAMED.matcher(key);
        if (!named.matches() || file.job().isEmpty()) {
            return key;
        }
        List<String> names = file.job().get().migrate().throttle().chosen().stream()
                .filter(signal -> CustomSignalChecks.kind(signal).equals(named.group("kind")))
                .map(CustomSignal::name)
                .toList();
        int index = names.indexOf(named.group("name"));
        return index < 0 ? key : named.group("list") + "[" + index + "]";
    }

    private static @Nullable Integer line(Map<String, Integer> lines, String key) {
        String at = key;
        while (true) {
            Integer line = lines.get(at);
            if (line != null || at.isEmpty()) {
                return line;
            }
            int cut = Math.max(at.lastIndexOf('.'), at.lastIndexOf('['));
            at = cut < 0 ? "" : at.substring(0, cut);
        }
    }
}
