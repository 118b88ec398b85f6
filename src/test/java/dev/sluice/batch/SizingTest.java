package dev.sluice.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.checkpoint.Position;
import dev.sluice.checkpoint.RowsLeft;
import dev.sluice.checkpoint.Tuning;
import dev.sluice.job.Stripes;
import dev.sluice.table.HeapFacts;
import dev.sluice.testing.TestTarget;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Sizes at a slow pace, which has batches shorter than the job's target. */
class SizingTest {
    private static final Tuning TUNING = new Tuning(200, 1000, null);

    /** The size after so many batches, each of which costs something whatever its size is. */
    private static int after(int batches, double target, double each, double perKey) {
        Sizing sizing = Sizing.startingAt(1000, new Stripes.Off(), TestTarget.PLUS_ONE, HeapFacts.UNKNOWN);
        Position position = Position.after(null);
        for (int i = 0; i < batches; i++) {
            BatchRequest request = sizing.request(null);
            Position next = Position.after(List.of("k"));
            var done = new Outcome.Committed(
                    next, false, request.keys(), request.keys(), 0, 0, 0, RowsLeft.NONE, 0, 0, TUNING, List.of());
            sizing = sizing.after(position, TUNING, request, done, target, each + request.keys() * perKey, 0);
            position = next;
        }
        return sizing.size().size();
    }

    @Test
    void whatEveryBatchCostsMakesNoneSmallerAndSmaller() {
        assertThat(after(200, 0.010, 0.012, 1e-5)).isEqualTo(Sizing.WORTH_A_BATCH);
        assertThat(after(200, 0.010, 0.003, 1e-5))
                .as("what is left of the target")
                .isBetween(600, 800);
    }

    /** It was at full speed, then an application came, and the lane has rested for long. */
    @Test
    void aBatchIsAsLongAsItMayBeWhenItBegins() {
        Sizing fast = Sizing.startingAt(1000, new Stripes.Off(), TestTarget.PLUS_ONE, HeapFacts.UNKNOWN);
        assertThat(fast.within(0.002, TUNING)).as("nothing is known yet").isEqualTo(fast);
        var done = new Outcome.Committed(
                Position.after(List.of("k")), false, 1000, 1000, 0, 0, 0, RowsLeft.NONE, 0, 0, TUNING, List.of());
        fast = fast.after(Position.after(null), TUNING, fast.request(null), done, 0.2, 0.2, 0);
        assertThat(fast.size().size()).isEqualTo(1000);
        assertThat(fast.within(0.2, TUNING)).isEqualTo(fast);
        assertThat(fast.within(0.1, TUNING).request(null)).isEqualTo(BatchRequest.of(500));
        assertThat(fast.within(0.002, TUNING).request(null)).isEqualTo(BatchRequest.of(Sizing.WORTH_A_BATCH));
        Tuning brief = new Tuning(2, 1000, null);
        assertThat(fast.within(0.002, brief).request(null))
                .as("the job wants it that short")
                .isEqualTo(BatchRequest.of(10));
    }

    @Test
    void rowsThatAreDearAreFewAllTheSame() {
        assertThat(after(200, 0.010, 0, 0.01))
                .as("20 keep the target of the job")
                .isEqualTo(20);
    }

    @Test
    void aTimeoutHalvesWhatWasAskedForNotWhatMightHaveBeen() {
        Sizing limited = Sizing.startingAt(8_000, new Stripes.Off(), TestTarget.PLUS_ONE, HeapFacts.UNKNOWN);
        BatchRequest cut = limited.request(300);
        assertThat(cut).isEqualTo(BatchRequest.of(300));
        assertThat(limited.halved(cut).request(300)).as("cut by a rate").isEqualTo(BatchRequest.of(150));

        Sizing wide = Sizing.startingAt(8_000, new Stripes.Fixed(64), TestTarget.PLUS_ONE, HeapFacts.UNKNOWN);
        BatchRequest range = wide.request(null);
        assertThat(range).isEqualTo(new BatchRequest(Sizing.RANGE_KEYS, 64));
        assertThat(wide.halved(range).request(null))
                .as("cut by the largest range")
                .isEqualTo(new BatchRequest(Sizing.RANGE_KEYS / 2, 64));

        StripeChoice trial =
                new StripeChoice(List.of(8, 1), StripeChoice.Phase.Try.of(true, List.of(8, 1)), Map.of(), null, 0);
        Sizing trying = new Sizing(BatchSize.startingAt(8_000), trial, Sizing.RANGE_KEYS);
        BatchRequest tried = trying.request(null);
        assertThat(tried).isEqualTo(new BatchRequest(8 * Sizing.TRIED_KEYS, 8));
        assertThat(trying.halved(tried).request(null))
                .as("cut by a trial")
                .isEqualTo(new BatchRequest(4 * Sizing.TRIED_KEYS, 8));
    }

    @Test
    void atFullSpeedTheTargetAloneCounts() {
        assertThat(after(200, 0.2, 0, 0.05)).isEqualTo(4);
    }
}
