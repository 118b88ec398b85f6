package dev.sluice.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * How even the disk is while nothing runs: a page is written and flushed as often as an application commits. What
 * stalls here stalls the application too, whatever is beside it.
 *
 * @param millis of each page, ascending
 */
record DiskAlone(double[] millis) {
    /** Of a WAL page; nothing is gained by fewer bytes. */
    private static final int PAGE = 8192;

    private static final int PER_SECOND = 1000;
    /** The file is made beforehand, as WAL files are, so that flushing a page writes that page alone. */
    private static final int PAGES = 8192;

    private static final double STALL_MILLIS = 20;

    /**
     * Measures it.
     *
     * @param folder on the disk in question
     * @param length how long
     */
    static DiskAlone in(Path folder, Duration length) throws IOException, InterruptedException {
        Path file = Files.createTempFile(folder, "disk", ".bin");
        try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            ByteBuffer page = ByteBuffer.allocateDirect(PAGE);
            for (int i = 0; i < PAGES; i++) {
                channel.write(page.rewind(), (long) i * PAGE);
            }
            channel.force(true);
            int times = Math.toIntExact(length.toMillis() * PER_SECOND / 1000);
            double[] millis = new double[times];
            int measured = 0;
            long begin = System.nanoTime();
            while (measured < times && System.nanoTime() - begin < length.toNanos()) {
                long due = begin + measured * 1_000_000_000L / PER_SECOND;
                TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
                long before = System.nanoTime();
                channel.write(page.rewind(), (long) (measured % PAGES) * PAGE);
                channel.force(false);
                millis[measured++] = (System.nanoTime() - before) / 1e6;
            }
            return of(Arrays.copyOf(millis, measured));
        } finally {
            Files.delete(file);
        }
    }

    /** Of these, in any order; at least one. */
    static DiskAlone of(double... millis) {
        double[] sorted = millis.clone();
        Arrays.sort(sorted);
        return new DiskAlone(sorted);
    }

    /** A line of the report. */
    String text() {
        return String.format(
                Locale.ROOT,
                "The disk while nothing else ran: %,d pages written and flushed, median %.2f ms, p99 %.2f, slowest %.0f;"
                        + " %d took more than %.0f ms",
                millis.length,
                Statistics.percentile(millis, 0.5),
                Statistics.percentile(millis, 0.99),
                millis[millis.length - 1],
                Arrays.stream(millis).filter(m -> m > STALL_MILLIS).count(),
                STALL_MILLIS);
    }
}
