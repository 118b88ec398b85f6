package dev.sluice.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;

/**
 * A wrong file and the one mistake that is told about it.
 *
 * @param name for the report
 * @param yaml the file
 * @param line where; 0 for none
 * @param key which
 * @param code what sort
 * @param words words that the reason and the fix contain
 */
record WrongFile(String name, String yaml, int line, String key, String code, List<String> words) {
    /** Refuses cron expressions that hold a 61. */
    static final JobReader READER = new JobReader(
            schedule -> schedule.cron().contains("61") ? Optional.of("minute 61 is not 0-59") : Optional.empty());

    static WrongFile wrong(String name, String yaml, int line, String key, String code, String... words) {
        return new WrongFile(name, yaml, line, key, code, List.of(words));
    }

    /** A right start, lines 1 to 4, and then what is added at line 5. */
    static String with(String more) {
        return "job: a\nmigrate:\n  table: app.t\n  where: b IS NULL\n" + more;
    }

    /** A right file, lines 1 to 5, and then what is added at line 6. */
    static String set(String more) {
        return with("  set: { b: a }\n" + more);
    }

    /** A file with {@code sql} at line 5. */
    static String sql(String statement) {
        return with("  sql: |\n    " + statement + "\n");
    }

    /** The start of an insert, lines 1 to 7, and then what is added at line 8. */
    static String insert(String more) {
        return with("  insert:\n    into: app.u\n    columns: { x: a, y: b }\n" + more);
    }

    /** Reads the file: its mistake is told with its place and its fix. */
    void isTold() {
        JobFile file = READER.read("a.yaml", yaml);

        assertThat(file.job()).isEmpty();
        assertThat(file.mistakes()).hasSize(1);
        Mistake mistake = file.mistakes().get(0);
        assertThat(mistake.code()).as(mistake.toString()).isEqualTo(code);
        assertThat(mistake.key()).isEqualTo(key);
        assertThat(mistake.line()).as(mistake.toString()).isEqualTo(line == 0 ? null : line);
        assertThat(mistake.file()).isEqualTo("a.yaml");
        assertThat(mistake.reason()).endsWith(".");
        assertThat(mistake.fix()).isNotBlank().matches("(?s).*[.?]");
        assertThat(mistake.reason() + " " + mistake.fix()).contains(words);
    }

    @Override
    public String toString() {
        return name;
    }
}
