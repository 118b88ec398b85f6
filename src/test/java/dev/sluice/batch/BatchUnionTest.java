package dev.sluice.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.Claims;
import dev.sluice.checkpoint.PartitionId;
import dev.sluice.checkpoint.Position;
import dev.sluice.checkpoint.Wanted;
import dev.sluice.table.TableFacts;
import dev.sluice.testing.TestTarget;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.GenerationMode;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;
import org.jspecify.annotations.Nullable;

/**
 * The union of the batches is the table, without overlap: whatever the key, whatever the sizes and stripes, whatever
 * interrupts the walk between two batches, in the middle of a range too.
 */
class BatchUnionTest {
    private static final TestTarget target = TestTarget.create(Duration.ofSeconds(30));
    private static final boolean icu = makeTypes();
    private static int tables;

    /** Makes what key types need; whether the server has ICU. */
    private static boolean makeTypes() {
        target.db().run(KeyType.DOMAINS.toArray(String[]::new));
        String found = target.db().value("SELECT count(*) FROM pg_collation WHERE collname = 'en-x-icu'");
        if (found.equals("0")) {
            return false;
        }
        target.db().run("CREATE COLLATION nd (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
        return true;
    }

    @AfterContainer
    static void stop() {
        target.close();
    }

    /** How the rows are kept. */
    enum Storage {
        PLAIN,
        HASHED,
        HASHED_TWICE
    }

    /** What comes before a batch. */
    enum Before {
        NOTHING,
        /** another worker takes the partition, and this one tries once more */
        TAKEN_BY_ANOTHER,
        /** the last batch is sent again, as after an answer that was lost */
        ANSWER_LOST,
        /** the same batch is rolled back first, as with a connection that broke */
        CONNECTION_LOST,
        PAUSED,
        CANCELLED_AND_RESUMED,
        /** the batch took too long, and the rest of its range is walked in twice as many stripes */
        TIMED_OUT,
        /** every row gets another place on disk */
        ROWS_WRITTEN_BY_OTHERS
    }

    /**
     * One batch.
     *
     * @param request is heard where a range begins
     */
    record Step(Before before, BatchRequest request) {}

    /** After so many batches there is nothing new to see: single keys in 64 stripes each would take thousands. */
    private static final int STEPS = 500;

    private static final Step TO_THE_END = new Step(Before.NOTHING, new BatchRequest(300, 1));

    @Property(tries = 80, shrinking = ShrinkingMode.OFF)
    void everyRowIsChangedOnce(
            @ForAll @Size(min = 1, max = 3) List<KeyType> types,
            @ForAll Storage storage,
            @ForAll @IntRange(min = 0, max = 250) int rows,
            @ForAll("steps") List<Step> steps,
            @ForAll long seed)
            throws SQLException {
        changedOnce(types, storage, rows, steps, seed);
    }

    /** Whatever the others draw, each type is walked by itself or behind another. */
    @Property(generation = GenerationMode.EXHAUSTIVE)
    void everyRowIsChangedOnceByEachTypeOfKey(@ForAll KeyType type) throws SQLException {
        changedOnce(
                type.ordinal() % 2 == 0 ? List.of(KeyType.BOOLEAN, type) : List.of(type),
                Storage.PLAIN,
                80,
                List.of(
                        new Step(Before.NOTHING, BatchRequest.of(7)),
                        new Step(Before.CONNECTION_LOST, new BatchRequest(64, 8)),
                        new Step(Before.ANSWER_LOST, BatchRequest.of(1)),
                        new Step(Before.TIMED_OUT, BatchRequest.of(11))),
                type.ordinal());
    }

    private static void changedOnce(List<KeyType> types, Storage storage, int rows, List<Step> steps, long seed)
            throws SQLException {
        List<KeyType> key = types.stream()
                .map(t -> t.needsIcu() && !icu ? KeyType.TEXT_C : t)
                .toList();
        String table = "t" + ++tables;
        make(table, key, storage, rows, new Random(seed));
        TableFacts facts = target.facts(table);
        UUID run = target.begun(facts);
        long filled = count(table, "true");

        long scanned = new Walk(facts, run, steps).walk();

        assertThat(count(table, "n = 1")).as("rows changed once").isEqualTo(filled);
        assertThat(count(table, "n > 1")).as("rows changed twice").isZero();
        assertThat(scanned).as("keys the batches counted").isEqualTo(filled);
        var counts = target.checkpoints().counts(run, 0);
        assertThat(counts.scanned()).isEqualTo(filled);
        assertThat(counts.changed()).isEqualTo(filled);
        assertThat(counts.hot()).isBetween(0L, filled);
        target.db().run("DROP TABLE " + table);
    }

    /** What a trigger skips is counted, whatever the key: the rows are found again by it. */
    @Property(tries = 30, shrinking = ShrinkingMode.OFF)
    void everyRowThatATriggerSkipsIsCounted(
            @ForAll @Size(min = 1, max = 2) List<KeyType> types,
            @ForAll Storage storage,
            @ForAll("steps") List<Step> steps,
            @ForAll long seed)
            throws SQLException {
        List<KeyType> key = types.stream()
                .map(t -> t.needsIcu() && !icu ? KeyType.TEXT_C : t)
                .toList();
        String table = "t" + ++tables;
        make(table, key, storage, 100, new Random(seed));
        target.db()
                .run(
                        "CREATE FUNCTION skips_" + table
                                + "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF hashtext(NEW.k0::text) % 3 = 0"
                                + " THEN RETURN NULL; END IF; RETURN NEW; END $$",
                        "CREATE TRIGGER skips BEFORE UPDATE ON " + table + " FOR EACH ROW EXECUTE FUNCTION skips_"
                                + table + "()");
        TableFacts facts = target.facts(table);
        UUID run = target.begun(facts);
        Batches batches = target.batches(facts);
        int taken = 0;
        for (PartitionId id : target.open(run)) {
            Claim claim = target.claims(run).claim(id).orElseThrow();
            for (boolean done = false; !done; ) {
                BatchRequest request =
                        taken++ < STEPS ? steps.get(taken % steps.size()).request() : TO_THE_END.request();
                Outcome.Committed c = (Outcome.Committed) batches.commit(claim, request);
                claim = claim.at(c.position());
                done = c.last();
            }
        }
        var counts = target.checkpoints().counts(run, 0);
        assertThat(counts.changed()).isEqualTo(count(table, "n = 1"));
        assertThat(counts.left().unchanged()).isEqualTo(count(table, "n = 0"));
        assertThat(count(table, "n > 1")).isZero();
        target.db().run("DROP TABLE " + table, "DROP FUNCTION skips_" + table + "()");
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        Arbitrary<Before> before = Arbitraries.frequencyOf(
                Tuple.of(3, Arbitraries.just(Before.NOTHING)), Tuple.of(4, Arbitraries.of(Before.class)));
        Arbitrary<Integer> size = Arbitraries.oneOf(
                Arbitraries.integers().between(1, 5), Arbitraries.integers().between(5, 300));
        Arbitrary<Integer> stripes =
                Arbitraries.frequencyOf(Tuple.of(2, Arbitraries.just(1)), Tuple.of(3, Arbitraries.of(2, 4, 8, 64)));
        return Combinators.combine(before, size, stripes)
                .as((b, n, k) -> new Step(b, new BatchRequest(n, k)))
                .list()
                .ofMinSize(1)
                .ofMaxSize(25);
    }

    /** One walk over every partition, with its interruptions. */
    private static final class Walk {
        private final TableFacts facts;
        private final UUID run;
        private final List<Step> steps;
        private final Claims claims;
        private final Batches batches;
        private int taken;
        private long scanned;

        Walk(TableFacts facts, UUID run, List<Step> steps) {
            this.facts = facts;
            this.run = run;
            this.steps = steps;
            this.batches = target.batches(facts);
            this.claims = target.claims(run);
        }

        long walk() throws SQLException {
            for (PartitionId id : target.open(run)) {
                Claim claim = claim(id);
                @Nullable Claim last = null;
                for (boolean done = false; !done; ) {
                    Step step = taken++ < STEPS ? steps.get(taken % steps.size()) : TO_THE_END;
                    claim = interrupted(step, claim, last);
                    last = claim;
                    Outcome.Committed c = (Outcome.Committed) batches.commit(claim, step.request());
                    if (claim.position().rangeEnd() == null) {
                        assertThat(c.scanned())
                                .isBetween(0L, (long) step.request().keys());
                        if (c.position().rangeEnd() == null) {
                            assertThat(c.changed()).isEqualTo(c.scanned());
                        }
                    }
                    assertThat(c.hot()).isBetween(0L, c.changed());
                    moved(claim.position(), c, step.request());
                    scanned += c.scanned();
                    claim = claim.at(c.position());
                    done = c.last();
                }
                assertThat(batches.commit(claim, 10))
                        .as("a batch after the last")
                        .isInstanceOf(Outcome.Refused.class);
                assertThat(claims.claim(id)).isEmpty();
            }
            return scanned;
        }

        /** The cursor stays until the last stripe; range and stripes stay as they were laid down. */
        private void moved(Position before, Outcome.Committed c, BatchRequest request) {
            Position now = c.position();
            int stripes = before.rangeEnd() == null ? request.stripes() : before.stripes();
            if (now.rangeEnd() == null) {
                assertThat(now).isEqualTo(Position.after(now.cursor()));
                if (before.rangeEnd() == null) {
                    assertThat(stripes == 1 || c.scanned() == 0).isTrue();
                } else {
                    assertThat(before.stripe()).isEqualTo(stripes - 1);
                    assertThat(now.cursor()).isEqualTo(before.rangeEnd());
                }
            } else {
                assertThat(c.last()).isFalse();
                assertThat(now.cursor()).isEqualTo(before.cursor());
                assertThat(now.stripes()).isEqualTo(stripes);
                assertThat(now.stripe()).isEqualTo(before.stripe() + 1);
                if (before.rangeEnd() != null) {
                    assertThat(now.rangeEnd()).isEqualTo(before.rangeEnd());
                }
            }
        }

        private Claim claim(PartitionId id) {
            return claims.claim(id).orElseThrow();
        }

        /** The claim to go on with. */
        private Claim interrupted(Step step, Claim claim, @Nullable Claim last) throws SQLException {
            switch (step.before()) {
                case NOTHING -> {
                    return claim;
                }
                case TAKEN_BY_ANOTHER -> {
                    Claim fresh = claim(claim.id());
                    assertThat(fresh.position()).isEqualTo(claim.position());
                    refused(claim, step.request());
                    return fresh;
                }
                case ANSWER_LOST -> {
                    if (last != null) {
                        refused(last, step.request());
                    }
                    return claim.at(
                            claims.read(claim.id()).orElseThrow().claim().position());
                }
                case CONNECTION_LOST -> {
                    rolledBack(claim, step.request());
                    return claim;
                }
                case PAUSED -> {
                    target.mandate().want(run, Wanted.PAUSED);
                    refused(claim, step.request());
                    target.mandate().want(run, Wanted.RUNNING);
                    return claim;
                }
                case CANCELLED_AND_RESUMED -> {
                    target.mandate().want(run, Wanted.STOPPED);
                    refused(claim, step.request());
                    target.mandate().want(run, Wanted.RUNNING);
                    refused(claim, step.request());
                    return claim(claim.id());
                }
                case TIMED_OUT -> {
                    return finer(step, claim);
                }
                case ROWS_WRITTEN_BY_OTHERS -> {
                    target.db().run("UPDATE " + claim.relation() + " SET pad = coalesce(pad, '') || '.'");
                    return claim;
                }
            }
            throw new IllegalStateException();
        }

        private Claim finer(Step step, Claim claim) throws SQLException {
            if (claim.position().rangeEnd() == null || claim.position().stripes() >= 512) {
                return claim;
            }
            Claim finer = claims.finer(claim).orElseThrow();
            assertThat(finer.position())
                    .isEqualTo(claims.read(claim.id()).orElseThrow().claim().position());
            refused(claim, step.request());
            assertThat(claims.finer(claim))
                    .as("made finer from where it no longer is")
                    .isEmpty();
            return finer;
        }

        private void refused(Claim claim, BatchRequest request) throws SQLException {
            long before = changes();
            assertThat(batches.commit(claim, request)).isInstanceOf(Outcome.Refused.class);
            assertThat(changes()).as("changed by a refused batch").isEqualTo(before);
        }

        private void rolledBack(Claim claim, BatchRequest request) throws SQLException {
            long before = changes();
            try (Connection connection = target.database().pool().getConnection()) {
                connection.setAutoCommit(false);
                try (PreparedStatement s = batches.statement(claim, request).prepare(connection, claim, request);
                        var row = s.executeQuery()) {
                    assertThat(row.next()).isTrue();
                }
                connection.rollback();
                connection.setAutoCommit(true);
            }
            assertThat(changes()).as("changed by a batch that was rolled back").isEqualTo(before);
        }

        private long changes() {
            return number("SELECT coalesce(sum(n), 0) FROM " + facts.name().sql());
        }
    }

    /** Keys of types without a hash cannot be partitioned by it: such a table is a plain one. */
    private static void make(String table, List<KeyType> key, Storage wished, int rows, Random random)
            throws SQLException {
        boolean hashed = key.getFirst().hashed() && key.getLast().hashed();
        Storage storage = hashed ? wished : Storage.PLAIN;
        String columns = IntStream.range(0, key.size()).mapToObj(i -> "k" + i).collect(Collectors.joining(", "));
        String definitions = IntStream.range(0, key.size())
                .mapToObj(i -> "k" + i + " " + key.get(i).sql)
                .collect(Collectors.joining(", "));
        List<String> sql = new ArrayList<>();
        sql.add("CREATE TABLE " + table + " (pad text, " + definitions + ", n int NOT NULL DEFAULT 0, PRIMARY KEY ("
                + columns + "))" + (storage == Storage.PLAIN ? "" : " PARTITION BY HASH (k" + (key.size() - 1) + ")"));
        switch (storage) {
            case PLAIN -> {}
            case HASHED -> IntStream.range(0, 3).forEach(i -> sql.add(leaf(table, table + "_" + i, 3, i)));
            case HASHED_TWICE -> {
                sql.add(leaf(table, table + "_0", 2, 0));
                sql.add(leaf(table, table + "_1", 2, 1) + " PARTITION BY HASH (k0)");
                sql.add(leaf(table + "_1", table + "_1_0", 2, 0));
                sql.add(leaf(table + "_1", table + "_1_1", 2, 1));
            }
        }
        target.db().run(sql.toArray(String[]::new));
        String values = key.stream()
                .map(k -> "CAST(? AS " + k.sql.replaceAll(" COLLATE.*", "") + ")")
                .collect(Collectors.joining(", "));
        try (Connection c = target.db().connect();
                PreparedStatement s = c.prepareStatement(
                        "INSERT INTO " + table + " (" + columns + ") VALUES (" + values + ") ON CONFLICT DO NOTHING")) {
            c.setAutoCommit(false);
            for (int row = 0; row < rows; row++) {
                for (int i = 0; i < key.size(); i++) {
                    s.setObject(i + 1, key.get(i).value(random), java.sql.Types.OTHER);
                }
                s.addBatch();
            }
            s.executeBatch();
            c.commit();
        }
    }

    private static String leaf(String parent, String name, int modulus, int remainder) {
        return "CREATE TABLE " + name + " PARTITION OF " + parent + " FOR VALUES WITH (MODULUS " + modulus
                + ", REMAINDER " + remainder + ")";
    }

    private static long count(String table, String where) {
        return number("SELECT count(*) FROM " + table + " WHERE " + where);
    }

    /** Over the pool: this is asked before and after every batch, and a connection takes longer than a batch. */
    private static long number(String sql) {
        return ((Number) Objects.requireNonNull(target.database().sql().fetchValue(sql))).longValue();
    }
}
