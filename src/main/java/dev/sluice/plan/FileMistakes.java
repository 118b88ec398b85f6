package dev.sluice.plan;

import dev.sluice.job.JobFile;
import dev.sluice.job.Mistake;
import dev.sluice.plan.PlanReport.Finding;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tells refusals of the database as mistakes of the job file, with its line. */
public final class FileMistakes {
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
                .map(f ->
                        new Mistake(file.path(), line(file.lines(), f.key()), f.key(), f.code(), f.message(), f.fix()))
                .sorted(java.util.Comparator.comparingInt(m -> m.line() == null ? 0 : m.line()))
                .toList();
    }

    /**
     * The line of the key, or of the nearest key around it that the file has.
     *
     * @param lines of each dotted key
     * @param key dotted
     */
    public static @Nullable Integer line(Map<String, Integer> lines, String key) {
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
