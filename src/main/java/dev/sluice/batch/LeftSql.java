package dev.sluice.batch;

import dev.sluice.job.Shape;
import dev.sluice.partition.KeySql;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The part of a batch's statement that counts what was walked and not done: {@code sluice_left}. It reads rows only
 * where there is something to count.
 *
 * <p>A row is left unchanged by a BEFORE trigger that returns NULL, and by nothing else; so only where the relation has
 * such a trigger are the rows of the batch's snapshot compared with those it changed. Which of them are still there is
 * asked with a snapshot of its own ({@code sluice.count_left}): what others deleted while the batch waited for its lock
 * has gone.
 */
final class LeftSql {
    /** Bits of {@code pg_trigger.tgtype}: for each row, before. */
    private static final int BEFORE_EACH_ROW = 1 | 2;

    private static final int ON_DELETE = 8;
    private static final int ON_UPDATE = 16;

    private LeftSql() {}

    static void write(BatchSql s, RowWork work, KeySql key) {
        s.add(",\nsluice_left AS MATERIALIZED (SELECT ");
        switch (work) {
            case RowWork.Look ignored -> nothing(s);
            case RowWork.Change change -> {
                switch (change.shape()) {
                    case Shape.Set ignored -> unchanged(s, key, ON_UPDATE, change.where());
                    case Shape.Delete ignored -> unchanged(s, key, ON_DELETE, change.where());
                    case Shape.Insert insert -> collapsed(s, insert, change.where());
                    case Shape.Sql ignored -> nothing(s);
                }
            }
        }
        s.add(")\n");
    }

    private static void nothing(BatchSql s) {
        s.add("0::bigint AS unchanged, 0::bigint AS collapsed, 0::bigint AS shared");
    }

    private static void unchanged(BatchSql s, KeySql key, int event, Optional<String> where) {
        int type = BEFORE_EACH_ROW | event;
        // the server's own trigger that spares updates without effect leaves rows that are as they should be
        s.add("CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = " + s.regclass() + " AND tgtype & "
                + type + " = " + type + " AND tgenabled <> 'D'"
                + " AND tgfoid <> 'pg_catalog.suppress_redundant_updates_trigger'::regproc)"
                + " THEN CASE WHEN (SELECT count(*)");
        walked(s, where);
        s.add(") = w.changed THEN 0 ELSE coalesce(sluice.count_left(" + literal(stillThere(s, key, where))
                + ", (SELECT jsonb_agg(jsonb_build_array("
                + IntStream.rangeClosed(1, key.columns().size())
                        .mapToObj(i -> "k" + i + "::text")
                        .collect(Collectors.joining(", "))
                + ")) FROM (SELECT " + key.namedList());
        walked(s, where);
        s.add(" EXCEPT SELECT " + key.names()
                + " FROM sluice_changed) AS missed)), 0) END ELSE 0 END AS unchanged,"
                + " 0::bigint AS collapsed, 0::bigint AS shared FROM sluice_counted AS w");
    }

    /** Counts those of the given keys whose rows are there, and to be done, for whoever runs it. */
    private static String stillThere(BatchSql s, KeySql key, Optional<String> where) {
        return "SELECT count(*) FROM jsonb_array_elements($1) AS sluice_missed(sluice_key) JOIN " + s.from() + " ON "
                + key.compare("=", i -> key.fromText("sluice_missed.sluice_key->>" + i, i))
                + where.map(w -> " WHERE (" + w + "\n)").orElse("");
    }

    private static void collapsed(BatchSql s, Shape.Insert insert, Optional<String> where) {
        if (insert.conflict().action() != Shape.Conflict.Action.NOTHING) {
            nothing(s);
            return;
        }
        List<String> keys = insert.conflict().columns().stream()
                .map(c -> WorkSql.expression(String.valueOf(insert.columns().get(c))))
                .toList();
        s.add("0::bigint AS unchanged, greatest(0, s.found - w.changed) AS collapsed,"
                + " CASE WHEN s.found > w.changed THEN least(s.found - w.changed, (SELECT count(*) - count(DISTINCT ("
                + String.join(", ", keys) + "))");
        walked(s, where);
        // a key that is NULL meets no other
        keys.forEach(k -> s.add(" AND " + k + " IS NOT NULL"));
        s.add(")) ELSE 0 END AS shared FROM sluice_counted AS w CROSS JOIN (SELECT count(*) AS found");
        walked(s, where);
        s.add(") AS s");
    }

    private static void walked(BatchSql s, Optional<String> where) {
        s.add(" FROM " + s.from() + " WHERE ");
        s.range();
        where.ifPresent(w -> s.add(" AND " + WorkSql.expression(w)));
    }

    /** A text in quotes, whatever {@code standard_conforming_strings} is. */
    private static String literal(String text) {
        return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'";
    }
}
