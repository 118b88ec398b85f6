package dev.sluice.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What {@code pgbench --log} wrote: a line per transaction,
 *
 * <pre>client number latency script second microsecond [lag [retries]]</pre>
 *
 * with latency and lag in microseconds, and the moment of its end by the wall clock. With {@code --rate} the latency
 * counts from the moment the transaction was due, so it includes the time it waited for a free session: that is what a
 * user of the application feels. A transaction belongs to the moment it was due, whenever it ended.
 */
final class TransactionLog {
    private static final Set<String> FAILURES = Set.of("failed", "skipped", "serialization", "deadlock");

    private final List<Transaction> transactions;

    /**
     * One of them.
     *
     * @param due microseconds since 1970; of one that failed, its end
     * @param millis its latency; infinite for one that failed
     */
    private record Transaction(long due, double millis) {}

    private TransactionLog(List<Transaction> transactions) {
        this.transactions = transactions;
    }

    /**
     * Reads the files of one run of pgbench.
     *
     * @param prefix of the files, as {@code --log-prefix} had it
     * @throws IOException where there is none, or a line is not what pgbench writes
     */
    static TransactionLog read(Path prefix) throws IOException {
        List<Transaction> all = new ArrayList<>();
        List<Path> files = files(prefix);
        if (files.isEmpty()) {
            throw new IOException("pgbench left no " + prefix + ".*; did it run with --log?");
        }
        for (Path file : files) {
            int number = 0;
            for (String line : Files.readAllLines(file)) {
                number++;
                all.add(transaction(line, file, number));
            }
        }
        return new TransactionLog(all);
    }

    /** Deletes what an earlier run with this prefix left. */
    static void delete(Path prefix) throws IOException {
        for (Path file : files(prefix)) {
            Files.delete(file);
        }
    }

    private static List<Path> files(Path prefix) throws IOException {
        try (Stream<Path> files = Files.list(prefix.toAbsolutePath().getParent())) {
            return files.filter(f -> f.getFileName().toString().startsWith(prefix.getFileName() + "."))
                    .sorted()
                    .toList();
        }
    }

    private static Transaction transaction(String line, Path file, int number) throws IOException {
        String[] fields = line.split(" ", -1);
        try {
            if (fields.length >= 6 && fields.length <= 8) {
                long end = Math.addExact(
                        Math.multiplyExact(Long.parseUnsignedLong(fields[4]), 1_000_000L),
                        Long.parseUnsignedLong(fields[5]));
                if (FAILURES.contains(fields[2])) {
                    return new Transaction(end, Double.POSITIVE_INFINITY);
                }
                long latency = Long.parseUnsignedLong(fields[2]);
                return new Transaction(end - latency, latency / 1e3);
            }
        } catch (NumberFormatException | ArithmeticException e) {
            throw bad(line, file, number);
        }
        throw bad(line, file, number);
    }

    private static IOException bad(String line, Path file, int number) {
        return new IOException(file + ":" + number + ": '" + line
                + "' is not a line of pgbench's log (client number latency script second microsecond [lag [retries]])."
                + " Fix: take the log of a pgbench that has ended, of version 11 or newer.");
    }

    /**
     * What was felt in these phases together.
     *
     * @throws IOException where no transaction was due in them
     */
    Latencies of(Phase... phases) throws IOException {
        double[] millis = transactions.stream()
                .filter(t -> Arrays.stream(phases).anyMatch(p -> micros(p.from()) <= t.due && t.due < micros(p.to())))
                .mapToDouble(Transaction::millis)
                .toArray();
        if (millis.length == 0) {
            throw new IOException("none of pgbench's " + transactions.size() + " transactions was due in "
                    + Arrays.toString(phases) + "; did it end before?");
        }
        return Latencies.of(millis);
    }

    private static long micros(Instant moment) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, moment);
    }
}
