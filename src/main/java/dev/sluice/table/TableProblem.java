package dev.sluice.table;

import dev.sluice.problem.Problem;
import java.util.Map;

/** Makes the refusals of this room: UNPROCESSABLE, with the job file's key, the reason and the fix as details. */
final class TableProblem {
    static final String TABLE = "migrate.table";
    static final String KEY = "migrate.key";

    private TableProblem() {}

    /**
     * @param code stable, kebab-case
     * @param key dotted key of the job file
     * @param reason the fact, a sentence
     * @param fix the remedy, a sentence or the statement to run
     */
    static Problem of(String code, String key, String reason, String fix) {
        return new Problem(
                Problem.Kind.UNPROCESSABLE,
                code,
                reason + " Fix: " + fix,
                Map.of("key", key, "reason", reason, "fix", fix));
    }
}
