package dev.sluice.table;

import dev.sluice.problem.Problem;
import dev.sluice.sql.TableName;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Chooses the key where the job names none: the primary key, or else the only unique index that batches can walk. A run
 * that has begun keeps its key, whatever is created beside it.
 */
final class KeyChoice {
    private KeyChoice() {}

    /**
     * Chooses.
     *
     * @param indexes the unique ones, the primary key's first
     * @param begun what the positions of the run are made of; empty where it has not begun
     * @throws Problem UNPROCESSABLE when there is none, or several without one being the primary key
     */
    static KeyIndex of(TableName table, List<KeyIndex> indexes, List<String> begun) {
        List<KeyIndex> suitable =
                indexes.stream().filter(i -> i.fault(table).isEmpty()).toList();
        Optional<KeyIndex> walked = suitable.stream()
                .filter(i -> i.keyColumns().stream()
                        .map(TableFacts.KeyColumn::text)
                        .toList()
                        .equals(begun))
                .findFirst();
        if (walked.isPresent()) {
            return walked.get();
        }
        Optional<KeyIndex> primary = indexes.stream().filter(KeyIndex::primary).findFirst();
        if (primary.isPresent() && (suitable.isEmpty() || suitable.contains(primary.get()))) {
            return primary.get().sound(table);
        }
        // several on the same columns are one key
        Map<Set<String>, KeyIndex> keys = new LinkedHashMap<>();
        suitable.forEach(i -> keys.putIfAbsent(new HashSet<>(i.columnNames()), i));
        if (keys.size() == 1) {
            return suitable.getFirst();
        }
        throw keys.isEmpty() ? none(table, indexes) : several(table, List.copyOf(keys.values()), primary);
    }

    /** Names what is wrong with each unique index there is. */
    private static Problem none(TableName table, List<KeyIndex> indexes) {
        String unfit = indexes.stream()
                .map(i -> i.fault(table).map(KeyIndex.Fault::reason).orElse(""))
                .distinct()
                .limit(3)
                .collect(Collectors.joining(" "));
        return TableProblem.of(
                "no-primary-key",
                TableProblem.KEY,
                "Table " + table + " has no primary key, and "
                        + (indexes.isEmpty() ? "no unique index." : "no unique index that will do. " + unfit),
                "add a primary key, or a unique index on NOT NULL columns; where it is the only one, it is taken.");
    }

    private static Problem several(TableName table, List<KeyIndex> keys, Optional<KeyIndex> primary) {
        String why = primary.flatMap(p -> p.fault(table))
                .map(f -> "The primary key of " + table + " will not do (" + f.reason() + ")")
                .orElse("Table " + table + " has no primary key");
        return TableProblem.of(
                "several-unique-indexes",
                TableProblem.KEY,
                why + ", the job names no key, and " + keys.size() + " unique indexes would do.",
                "add one of these lines to migrate: "
                        + keys.stream()
                                .map(i -> "key: [" + i.columnNames().stream().collect(Collectors.joining(", "))
                                        + "] (index \"" + i.name() + "\")")
                                .collect(Collectors.joining(" or "))
                        + ".");
    }
}
