package dev.sluice.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.table.TableFacts;
import dev.sluice.testing.TestTarget;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** On tables that are too large to be walked: near-equal ranges, halves and estimates, with statistics and without. */
class LargeTableRangesTest {
    private final TestTarget target = LargeTables.target();

    @ParameterizedTest
    @CsvSource({
        "never, 2",
        "never, 8",
        "never, 32",
        "never, 100",
        "analysed, 2",
        "analysed, 8",
        "analysed, 16",
        "analysed, 32",
        "shuffled, 2",
        "shuffled, 8",
        "shuffled, 32",
        "tenants, 2",
        "tenants, 8",
        "tenants, 32"
    })
    void theLargestRangeIsAtMost1Point3TimesTheMean(String table, int partitions) {
        TableFacts facts = target.facts(table);
        List<KeyRange> ranges = Ranges.of(target.database(), facts, partitions);
        Cut cut = Cut.of(target.database(), facts, ranges);
        assertThat(cut.eachRowOnce()).isTrue();
        assertThat(ranges).hasSize(partitions);
        assertThat(cut.ratio()).as(cut.sizes().toString()).isLessThanOrEqualTo(1.3);
    }

    @Test
    void theHistogramCutsWhereItsBinsAreFineEnough() {
        TableFacts facts = target.facts("analysed");
        Histogram histogram = histogram(facts, whole(facts)).orElseThrow();
        assertThat(histogram.bins()).isEqualTo(100);
        assertThat(histogram.fresh()).isTrue();
        assertThat(histogram.cuts(16).orElseThrow()).hasSize(15);
        assertThat(histogram.cuts(17)).isEmpty();
        assertThat(Ranges.of(target.database(), facts, 2).getFirst().upper())
                .isEqualTo(histogram.cuts(2).orElseThrow().getFirst());
    }

    @Test
    void aTableThatWasNeverAnalysedHasNoHistogram() {
        TableFacts facts = target.facts("never");
        assertThat(histogram(facts, whole(facts))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "never, 0",
        "never, 0.6",
        "never, 0.95",
        "analysed, 0",
        "analysed, 0.95",
        "shuffled, 0.3",
        "tenants, 0.5"
    })
    void theMidpointHalvesWhatIsLeft(String table, double done) {
        TableFacts facts = target.facts(table);
        KeyRange left = left(facts, done);
        List<String> middle = Midpoint.of(target.database(), facts, left, 1000).orElseThrow();
        List<KeyRange> halves = Ranges.between(left, List.of(middle));
        long all = Cut.count(target.database(), facts, left);
        long first = Cut.count(target.database(), facts, halves.getFirst());
        assertThat((double) first / all).isCloseTo(0.5, within(0.15));
        assertThat(first + Cut.count(target.database(), facts, halves.getLast()))
                .isEqualTo(all);
    }

    @ParameterizedTest
    @CsvSource({
        "never, 0",
        "never, 0.6",
        "never, 0.98",
        "analysed, 0",
        "analysed, 0.98",
        "shuffled, 0.3",
        "tenants, 0.5"
    })
    void whatIsLeftIsEstimated(String table, double done) {
        TableFacts facts = target.facts(table);
        KeyRange left = left(facts, done);
        long estimate = Remaining.estimate(target.database(), facts, left);
        long truth = Cut.count(target.database(), facts, left);
        assertThat((double) estimate / truth).isBetween(0.6, 1.6);
    }

    private KeyRange whole(TableFacts facts) {
        return Ranges.of(target.database(), facts, 1).getFirst();
    }

    /** The last part of a table, after a share of its keys. */
    private KeyRange left(TableFacts facts, double done) {
        KeyRange whole = whole(facts);
        if (done == 0) {
            return whole;
        }
        long rows = Cut.count(target.database(), facts, whole);
        KeySql key = new KeySql("t", facts.key());
        List<String> cursor = new KeyQuery()
                .add(
                        "SELECT " + key.textArray() + " AS key FROM ONLY " + whole.relation() + " AS \"t\" ORDER BY "
                                + key.list() + " OFFSET ? LIMIT 1",
                        Math.round(rows * done))
                .fetch(target.database(), row -> KeyQuery.key(row, "key"))
                .getFirst();
        return new KeyRange(whole.relation(), whole.key(), cursor, whole.upper());
    }

    private Optional<Histogram> histogram(TableFacts facts, KeyRange range) {
        return Histogram.of(target.database(), facts, facts.leaves().getFirst(), range);
    }
}
