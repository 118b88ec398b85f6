package dev.sluice.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.job.Stripes;
import dev.sluice.table.HeapFacts;
import dev.sluice.testing.TestTarget;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What is tried where the rows ahead lie otherwise than the statistics say. */
class StripesOfHeapTest {
    @Test
    void keysDoNotFollowTheHeapWhereStatisticsAndTheRowsAheadBothSaySo() {
        assertThat(without(ahead(0.22, 30.0, 3.9))).contains("correlation 0.22, 3.9 of the next on a page");
        assertThat(StripesOfHeap.against(ahead(0.22, 30.0, 4.0))).isEmpty();
        assertThat(StripesOfHeap.against(ahead(0.95, 30.0, 1.0)))
                .as("shuffled near by")
                .isEmpty();
        assertThat(StripesOfHeap.against(ahead(null, 30.0, 1.0))).isEmpty();
        assertThat(StripesOfHeap.against(ahead(1.0, 3.5, 6.0)))
                .as("dead rows among them")
                .isEmpty();
        assertThat(without(ahead(1.0, 3.5, 2.0))).contains("3.5 rows");
    }

    @Test
    void asManyStripesAsThePagesAheadHoldRows() {
        assertThat(candidates(ahead(0.2, 5.0, 30.0))).containsExactly(8, 16, 1);
        assertThat(candidates(ahead(1.0, 30.0, 7.0))).containsExactly(4, 1);
        assertThat(candidates(ahead(1.0, 30.0, 3.0))).as("shuffled near by").containsExactly(8, 16, 1);
    }

    @Test
    void theRowsAheadAreNotLookedAtWhereTheDefinitionDecides() {
        for (HeapFacts decided : List.of(
                StripeChoiceTest.heap("n", 3, 100, 1.0, 30.0),
                StripeChoiceTest.heap(null, 1, 100, 1.0, 30.0),
                StripeChoiceTest.heap(null, 3, 80, 1.0, 30.0))) {
            assertThat(StripesOfHeap.lookedAt(decided, () -> {
                        throw new AssertionError("looked at");
                    }))
                    .isEqualTo(decided);
        }
        HeapFacts open = StripeChoiceTest.heap(null, 3, 100, 0.2, 30.0);
        assertThat(StripesOfHeap.lookedAt(open, () -> OptionalDouble.of(7)).rowsAhead())
                .hasValue(7);
    }

    private static List<Integer> candidates(HeapFacts heap) {
        return StripeChoice.of(new Stripes.Auto(), TestTarget.PLUS_ONE, heap).candidates();
    }

    private static String without(HeapFacts heap) {
        assertThat(candidates(heap)).containsExactly(1);
        return StripesOfHeap.against(heap).orElseThrow();
    }

    private static HeapFacts ahead(@Nullable Double correlation, double average, double ahead) {
        return StripeChoiceTest.heap(null, 3, 100, correlation, average).withRowsAhead(OptionalDouble.of(ahead));
    }
}
