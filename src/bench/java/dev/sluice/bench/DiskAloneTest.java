package dev.sluice.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskAloneTest {
    @Test
    void stallsAreCountedAndTheSlowestIsNamed() {
        assertThat(DiskAlone.of(0.2, 21, 0.1, 295.6, 20).text())
                .isEqualTo("The disk while nothing else ran: 5 pages written and flushed, median 20.00 ms, p99 295.60,"
                        + " slowest 296; 2 took more than 20 ms");
    }

    @Test
    void pagesAreReallyWrittenAndTheFileIsGoneAfterwards(@TempDir Path folder) throws Exception {
        assertThat(Arrays.stream(DiskAlone.in(folder, Duration.ofMillis(50)).millis())
                        .boxed()
                        .toList())
                .hasSizeBetween(1, 50)
                .isSorted()
                .allMatch(millis -> millis > 0);
        assertThat(folder).isEmptyDirectory();
    }
}
