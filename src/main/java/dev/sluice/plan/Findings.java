package dev.sluice.plan;

import dev.sluice.plan.PlanReport.Finding;
import dev.sluice.problem.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Gathers findings. */
final class Findings {
    static final String REFUSE = "refuse";
    static final String WARN = "warn";
    static final String INFO = "info";
    private static final List<String> ORDER = List.of(REFUSE, WARN, INFO);

    private final List<Finding> all = new ArrayList<>();

    /** The run would be wrong or impossible. */
    void refuse(String code, String key, String message, String fix) {
        add(REFUSE, code, key, message, fix);
    }

    /** The run is possible, and this happens too. */
    void warn(String code, String key, String message, String fix) {
        add(WARN, code, key, message, fix);
    }

    /** Good to know. */
    void info(String code, String key, String message) {
        add(INFO, code, key, message, "");
    }

    /** A refusal of the room {@code table}; its details say reason and fix. */
    void refuse(Problem problem, String key) {
        var d = problem.details();
        refuse(
                problem.code(),
                key,
                String.valueOf(d.getOrDefault("reason", problem.getMessage())),
                String.valueOf(d.getOrDefault("fix", "")));
    }

    private void add(String level, String code, String key, String message, String fix) {
        Finding finding = new Finding(level, code, key, message, fix);
        if (!all.contains(finding)) {
            all.add(finding);
        }
    }

    /** Whether something about this key, or within it, is refused. */
    boolean refused(String key) {
        return all.stream().anyMatch(f -> f.level().equals(REFUSE) && (f.key() + ".").startsWith(key + "."));
    }

    /** Whether there is a finding of this code. */
    boolean has(String code) {
        return all.stream().anyMatch(f -> f.code().equals(code));
    }

    /** Whether anything is refused. */
    boolean refused() {
        return all.stream().anyMatch(f -> f.level().equals(REFUSE));
    }

    /** Refusals first, then warnings, then the rest, each in the order they were found. */
    List<Finding> sorted() {
        return all.stream()
                .sorted(Comparator.comparingInt(f -> ORDER.indexOf(f.level())))
                .toList();
    }
}
