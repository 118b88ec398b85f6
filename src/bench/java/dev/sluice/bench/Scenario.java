package dev.sluice.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** What the application does. */
enum Scenario {
    /** pgbench's own transactions, which are like TPC-B, on tables of their own. */
    OWN_TABLES("own", "application on tables of its own"),
    /** Half of its transactions read and change a row, anywhere in the table that is being filled. */
    SAME_TABLE("same", "application also on the table being filled");

    private static final String PEOPLE = """
            \\set id random(1, :rows)
            BEGIN;
            SELECT first_name, last_name, city FROM app.people WHERE id = :id;
            UPDATE app.people SET status = (status + 1) % 7, updated_at = now() WHERE id = :id;
            END;
            """;

    private final String key;
    private final String title;

    Scenario(String key, String title) {
        this.key = key;
        this.title = title;
    }

    /** The one with this key; all for {@code both}. */
    static List<Scenario> of(String key) {
        return Arrays.stream(values())
                .filter(s -> key.equals("both") || s.key.equals(key))
                .toList();
    }

    /** Short name, for reports and {@code -Dbench.scenario}. */
    String key() {
        return key;
    }

    String title() {
        return title;
    }

    /**
     * pgbench's options for it.
     *
     * @param folder for the script
     * @param rows of the table being filled
     */
    List<String> options(Path folder, long rows) throws IOException {
        if (this == OWN_TABLES) {
            return List.of("--builtin=tpcb-like");
        }
        Path script = folder.resolve("people.sql");
        Files.writeString(script, PEOPLE);
        return List.of("--builtin=tpcb-like@1", "--file=" + script + "@1", "--define=rows=" + rows);
    }
}
