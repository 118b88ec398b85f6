package dev.sluice.cli;

import dev.sluice.problem.Printable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Columns of text, as wide as they must be; the last one as long as it is. */
final class TextTable {
    private final List<List<String>> rows = new ArrayList<>();

    TextTable(String... header) {
        rows.add(List.of(header));
    }

    TextTable row(String... cells) {
        rows.add(Arrays.stream(cells).map(Printable::line).toList());
        return this;
    }

    /** Its lines, without trailing blanks. */
    List<String> lines() {
        int columns = rows.getFirst().size();
        int[] widths = new int[columns];
        rows.forEach(r -> {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], r.get(i).length());
            }
        });
        return rows.stream()
                .map(r -> {
                    var line = new StringBuilder();
                    for (int i = 0; i < columns; i++) {
                        line.append(r.get(i)).repeat(" ", widths[i] - r.get(i).length() + 2);
                    }
                    return line.toString().stripTrailing();
                })
                .toList();
    }
}
