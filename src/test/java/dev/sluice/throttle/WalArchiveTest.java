package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.throttle.WalArchive.Archiver;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WalArchiveTest {
    private static final long SIZE = 16 << 20;
    private static final String HERE = "0000000100000002000000A0";

    private static Archiver seen(@Nullable String archived, @Nullable String failed, String here) {
        return new Archiver(archived, failed, failed != null, here, SIZE);
    }

    @Test
    void wholeSegmentsBetweenTheLastArchivedAndTheCurrentWait() {
        assertThat(new WalArchive().waiting(seen("00000001000000020000009F", null, HERE)))
                .isZero();
        assertThat(new WalArchive().waiting(seen("00000001000000020000009D", null, HERE)))
                .isEqualTo(2.0 * SIZE);
        // over the end of a log: 256 segments of 16 MB
        assertThat(new WalArchive().waiting(seen("0000000100000001000000FE", null, "000000010000000200000001")))
                .isEqualTo(2.0 * SIZE);
        // of the timeline before a promotion
        assertThat(new WalArchive().waiting(seen("000000010000000200000010", null, "000000020000000200000013")))
                .isEqualTo(2.0 * SIZE);
        assertThat(new WalArchive().waiting(seen(HERE, null, HERE))).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "000000010000000200000010.00000028.backup",
                "00000002.history",
                "000000010000000200000010.partial",
                "something else"
            })
    void whatIsNoSegmentTellsNothing(String file) {
        var archive = new WalArchive();
        assertThat(archive.waiting(seen(file, null, HERE)))
                .isZero(); // all before the first reading, as far as is known
        assertThat(archive.waiting(seen(file, null, "0000000100000002000000A3")))
                .isEqualTo(3.0 * SIZE);
        var knowing = new WalArchive();
        knowing.waiting(seen("00000001000000020000009D", null, HERE));
        assertThat(knowing.waiting(seen(file, null, HERE))).isEqualTo(2.0 * SIZE);
    }

    @Test
    void whereNothingWasEverArchivedTheFailedFileWaitsToo() {
        assertThat(new WalArchive().waiting(seen(null, "00000001000000020000009E", HERE)))
                .isEqualTo(2.0 * SIZE);
        // neither: an empty archive_command waits without failing
        var archive = new WalArchive();
        assertThat(archive.waiting(seen(null, null, HERE))).isZero();
        assertThat(archive.waiting(seen(null, null, "0000000100000002000000A2")))
                .isEqualTo(2.0 * SIZE);
    }

    @Test
    void aResetOfTheStatisticsForgetsNothing() {
        var archive = new WalArchive();
        archive.waiting(seen("00000001000000020000009D", null, HERE));
        assertThat(archive.waiting(seen(null, null, HERE))).isEqualTo(2.0 * SIZE);
        assertThat(archive.waiting(seen("00000001000000020000009E", null, HERE)))
                .isEqualTo(1.0 * SIZE);
    }

    @Test
    void segmentsMayBeOfAnySize() {
        long mega = 1 << 20;
        assertThat(WalFile.segment("000000010000000100000000", mega)).hasValue(4096);
        assertThat(WalFile.segment("000000010000000100000000", SIZE)).hasValue(256);
        assertThat(WalFile.segment("000000010000000100000000", 1L << 30)).hasValue(4);
        assertThat(WalFile.segment(null, SIZE)).isEmpty();
        assertThat(WalFile.segment("00000001000000010000000g", SIZE)).isEmpty();
    }
}
