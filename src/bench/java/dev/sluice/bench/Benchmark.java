package dev.sluice.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The benchmark's {@code main}, and its suite of speed: interleaved rounds, every second one in reverse order, and the
 * report. Options: {@code bench.suite} (speed; foreground for {@link Foreground}, or all) and {@code bench.folder}
 * (target/bench); for this suite {@code bench.rows} (2000000), {@code bench.rounds} (3), {@code bench.stripes} (auto)
 * and {@code bench.only} (keys of contenders, by commas; all).
 */
public final class Benchmark {
    private static final int LEAVES = 500;

    private final BenchServer server;
    private final Path folder;
    private final List<Contender> contenders;
    /** By the contender's key and the round. */
    private final Map<String, Map<Integer, Measurement>> measured = new LinkedHashMap<>();

    private int failures;

    private Benchmark(BenchServer server, Path folder, long rows, String stripes) {
        this.server = server;
        this.folder = folder;
        var two = new People(rows, 2);
        var six = new People(rows, 6);
        var small = new People(Math.max(1, rows / 8), 2);
        var fewLeaves = new People(small.rows(), 2, LEAVES / 10);
        var leaves = new People(small.rows(), 2, LEAVES);
        String striped = "stripes: " + stripes;
        this.contenders = List.of(
                new Contender("single", "one single UPDATE", two, Plain::singleUpdate),
                new Contender("loop", "plpgsql loop of 1,000", two, Plain::loop),
                new Contender("longloop", "plpgsql loop of 12,500, not waiting", two, Plain::longLoop),
                new Contender("heldloop", "the same beside a snapshot", two, Plain::longLoopBesideASnapshot),
                sluice("off", "Sluice, stripes: off", two, "stripes: off"),
                sluice("stripes", "Sluice, " + striped, two, striped),
                sluice("two", "Sluice, two partitions, " + striped, two, striped, "partitions: 2"),
                new Contender("spring", "Spring Batch, chunk 1,000", two, SpringBatch::oneStep),
                new Contender(
                        "springoff", "Spring Batch, synchronous_commit = off", two, SpringBatch::oneStepWithoutWaiting),
                new Contender("spring2", "Spring Batch, two partitions", two, SpringBatch::twoPartitions),
                new Contender("single6", "one single UPDATE, six indexes", six, Plain::singleUpdate),
                sluice("stripes6", "Sluice, " + striped + ", six indexes", six, striped),
                sluice("small", "Sluice, " + striped + ", an eighth of the rows", small, striped),
                sluice("few", "Sluice, " + striped + ", an eighth in " + LEAVES / 10 + " leaves", fewLeaves, striped),
                sluice("leaves", "Sluice, " + striped + ", an eighth in " + LEAVES + " leaves", leaves, striped));
    }

    private Contender sluice(String key, String title, People people, String... lines) {
        return new Contender(key, title, people, SluiceWorker.with(server, folder.resolve(key), lines));
    }

    /** Exit code 0 whatever was measured, 1 where something did not work. */
    public static void main(String[] args) throws IOException, InterruptedException {
        var wishes = new Targets(System.getProperties());
        String given = wishes.text("bench.folder");
        Path folder = Path.of(given.isEmpty() ? "target/bench" : given).toAbsolutePath();
        int failures = 0;
        try {
            String suite = wishes.choice("bench.suite", List.of("speed", "foreground", "all"));
            if (!suite.equals("speed")) {
                Pgbench.find();
            }
            if (!suite.equals("foreground")) {
                failures += speed(wishes, folder);
            }
            if (!suite.equals("speed")) {
                failures += Foreground.run(wishes, folder.resolve("foreground"));
            }
        } catch (IllegalArgumentException e) {
            System.out.println(e.getMessage());
            failures++;
        }
        System.exit(failures == 0 ? 0 : 1);
    }

    private static int speed(Targets wishes, Path folder) throws IOException, InterruptedException {
        int rows = wishes.number("bench.rows", 2_000_000, 1000, 100_000_000);
        int rounds = wishes.number("bench.rounds", 3, 1, 100);
        String stripes = wishes.text("bench.stripes");
        String only = wishes.text("bench.only");
        Files.createDirectories(folder);
        try (BenchServer server = BenchServer.start(folder.resolve("data"))) {
            var bench = new Benchmark(server, folder, rows, stripes.isEmpty() ? "auto" : stripes);
            bench.run(rounds, only.isEmpty() ? Set.of() : Set.of(only.split(",")));
            String report = new Report(bench.contenders, bench.measured).text(server.describe(), rows, rounds);
            Files.writeString(folder.resolve("report.md"), report);
            System.out.println(report);
            return bench.failures;
        }
    }

    private void run(int rounds, Set<String> only) throws InterruptedException {
        var order = new ArrayList<>(contenders.stream()
                .filter(c -> only.isEmpty() || only.contains(c.key()))
                .toList());
        order.stream().map(Contender::table).distinct().forEach(server::prepare);
        for (int round = 1; round <= rounds; round++) {
            for (Contender contender : round % 2 == 1 ? order : order.reversed()) {
                try {
                    Measurement m = Measurement.of(contender, server);
                    measured.computeIfAbsent(contender.key(), k -> new TreeMap<>())
                            .put(round, m);
                    System.out.printf("round %d  %-45s %s%n", round, contender.title(), Report.line(m));
                } catch (InterruptedException e) {
                    throw e;
                } catch (Exception e) {
                    failures++;
                    System.out.printf("round %d  %-45s FAILED%n", round, contender.title());
                    e.printStackTrace();
                }
            }
        }
    }
}
