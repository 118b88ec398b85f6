package dev.sluice.table;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jooq.DSLContext;
import org.jooq.Record;

/**
 * Which types a key may be made of, by the catalog. A position is kept as text, so the text of a value must always give
 * that value again, whatever a session is set to.
 *
 * <p>PostgreSQL marks the input and output functions of a type IMMUTABLE where no setting has a say. Of those that are
 * only STABLE, the types of date and time are known: batches pin DateStyle and IntervalStyle, and their texts carry an
 * offset. An enum's text is its label. Arrays, ranges, composite types and domains are as good as what they are made
 * of. So {@code money} (lc_monetary) and {@code regclass} (search_path, and names change) will not do, and a type of an
 * extension will where it says so of itself.
 */
final class KeyTypes {
    /**
     * What is known of a type.
     *
     * @param unfit why its text does not do as a position, a part of a sentence; empty where it does
     * @param hashed whether equal values have equal hashes, by its default hash operator class
     */
    record Fitness(Optional<String> unfit, boolean hashed) {
        /** Of a column that is an expression. */
        static final Fitness UNKNOWN = new Fitness(Optional.empty(), false);
    }

    /**
     * One row for each type; bound: oids. A type without default hash operator class of its own is hashed by that of a
     * type it is binary coercible to, as varchar by text's. The hash must go by the very equality of the index.
     */
    private static final String QUERY = """
            WITH RECURSIVE part(root, typ) AS (
              SELECT t, t FROM unnest(?::bigint[]::oid[]) t
              UNION
              SELECT p.root, made_of.typ
                FROM part p JOIN pg_catalog.pg_type t ON t.oid = p.typ CROSS JOIN LATERAL (
                  SELECT t.typbasetype AS typ WHERE t.typtype = 'd'
                  UNION ALL SELECT e.oid FROM pg_catalog.pg_type e WHERE e.typarray = t.oid
                  UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
                             WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
                  UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)
                ) made_of),
            leaf AS (
              SELECT p.root, t.oid, t.typtype, pg_catalog.format_type(t.oid, NULL) AS name, t.typnamespace, t.typname,
                     i.provolatile = 'i' AND o.provolatile = 'i' AS immutable
                FROM part p JOIN pg_catalog.pg_type t ON t.oid = p.typ
                JOIN pg_catalog.pg_proc i ON i.oid = t.typinput JOIN pg_catalog.pg_proc o ON o.oid = t.typoutput
               WHERE t.typtype IN ('b', 'e') AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)),
            judged AS (
              SELECT l.root, l.name,
                     l.immutable OR l.typtype = 'e' OR l.typnamespace = 'pg_catalog'::regnamespace
                       AND l.typname IN ('date', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval') AS fixed,
                     NOT EXISTS (
                       SELECT FROM pg_catalog.pg_cast c
                        WHERE c.castmethod = 'f' AND l.typnamespace <> 'pg_catalog'::regnamespace
                          AND (c.castsource = l.oid AND c.casttarget = 'text'::regtype
                               OR c.castsource = 'text'::regtype AND c.casttarget = l.oid)) AS plain,
                     EXISTS (
                       SELECT FROM pg_catalog.pg_opclass h
                         JOIN pg_catalog.pg_am hm ON hm.oid = h.opcmethod AND hm.amname = 'hash'
                         JOIN pg_catalog.pg_amproc f ON f.amprocfamily = h.opcfamily AND f.amproclefttype = h.opcintype
                          AND f.amprocnum = 2
                         JOIN pg_catalog.pg_amop he ON he.amopfamily = h.opcfamily AND he.amopstrategy = 1
                          AND he.amoplefttype = h.opcintype AND he.amoprighttype = h.opcintype
                         JOIN pg_catalog.pg_amop be ON be.amopopr = he.amopopr AND be.amopstrategy = 3
                         JOIN pg_catalog.pg_am bm ON bm.oid = be.amopmethod AND bm.amname = 'btree'
                        WHERE h.opcdefault
                          AND (h.opcintype = l.oid OR h.opcintype = 'anyenum'::regtype AND l.typtype = 'e'
                               OR EXISTS (SELECT FROM pg_catalog.pg_cast c
                                           WHERE c.castsource = l.oid AND c.casttarget = h.opcintype
                                             AND c.castmethod = 'b'))) AS hashed
                FROM leaf l)
            SELECT j.root::bigint AS oid, bool_and(j.hashed) AS hashed,
                   min(CASE WHEN NOT j.fixed
                            THEN 'the text of ' || j.name || ' depends on settings of the session'
                            WHEN NOT j.plain
                            THEN 'a cast of its own makes the text of ' || j.name END) AS unfit
              FROM judged j GROUP BY j.root""";

    private KeyTypes() {}

    /** By the type's oid. */
    static Map<Long, Fitness> of(DSLContext sql, Collection<Long> types) {
        Map<Long, Fitness> found = new HashMap<>();
        for (Record r : sql.fetch(QUERY, (Object) types.toArray(Long[]::new))) {
            found.put(
                    r.get("oid", Long.class),
                    new Fitness(Optional.ofNullable(r.get("unfit", String.class)), r.get("hashed", boolean.class)));
        }
        return found;
    }
}
