package dev.sluice.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** What a fixed speed and a fixed target do to the application. */
final class Exploration {
    private static final List<String> TARGETS = List.of("200ms", "50ms", "20ms");
    private static final List<Integer> SHARES = List.of(100, 75, 50, 35, 25);

    private Exploration() {}

    static int run(Wishes wishes, Path folder) throws IOException, InterruptedException {
        int sweeps = wishes.number("bench.pairs", 5, 1, 50);
        int rows = wishes.number("bench.rows", 6_000_000, 100_000, 100_000_000);
        Files.createDirectories(folder);
        SluiceProcess.define(folder, Foreground.GUARDED);
        Watchdog.set(Duration.ofMinutes(30));
        var people = new People(rows, 2);
        Map<String, List<Compared>> by = new TreeMap<>();
        double full = 0;
        Load load = null;
        var cadence = new Stage.Cadence(Duration.ofMillis(1500), Duration.ofSeconds(5));
        try (BenchServer server = BenchServer.start(folder.resolve("data"), Map.of("max_wal_size", "32GB"))) {
            Pgbench.create(server.prepare(people), folder);
            for (int sweep = 0; sweep < sweeps; sweep++) {
                var database = server.restored(people);
                Pgbench.preload(database);
                if (load == null) {
                    load = Load.of(database, folder, Scenario.OWN_TABLES, rows, Duration.ofSeconds(8));
                    System.out.println(load);
                }
                record Taken(String key, Phase phase, Phase before, Phase after) {}
                List<Taken> taken = new ArrayList<>();
                TransactionLog log;
                try (Stage stage = Stage.set(database, folder, load, Duration.ofSeconds(8))) {
                    RunBeside run = stage.run(Foreground.GUARDED, Duration.ofSeconds(8));
                    if (full == 0) {
                        run.work();
                        full = stage.onward(run, cadence).rowsPerSecond();
                        run.rest();
                        System.out.println("full speed " + full);
                    }
                    for (String target : TARGETS) {
                        run.tune("{\"target\": \"" + target + "\", \"rowsPerSecond\": null}");
                        Phase before = stage.alone(cadence);
                        run.work();
                        TimeUnit.MILLISECONDS.sleep(2500);
                        var shares = new ArrayList<>(SHARES);
                        Collections.rotate(shares, sweep * 2);
                        record Mine(int share, Phase phase) {}
                        List<Mine> mine = new ArrayList<>();
                        for (int share : shares) {
                            run.tune("{\"rowsPerSecond\": " + (share == 100 ? "null" : Math.round(full * share / 100))
                                    + "}");
                            mine.add(new Mine(share, stage.onward(run, cadence)));
                        }
                        if (!run.rest()) {
                            System.out.println("out of rows at " + target);
                            break;
                        }
                        Phase after = stage.alone(cadence);
                        mine.forEach(m -> taken.add(
                                new Taken(String.format("%5s %3d", target, m.share), m.phase, before, after)));
                    }
                    log = stage.end();
                } catch (SQLException e) {
                    throw new IOException(e);
                }
                for (Taken t : taken) {
                    System.out.printf(
                            "raw %s  before %s  after %s  with %s  %,.0f rows/s%n",
                            t.key,
                            ms(log.of(t.before)),
                            ms(log.of(t.after)),
                            ms(log.of(t.phase)),
                            t.phase.rowsPerSecond());
                    by.computeIfAbsent(t.key, k -> new ArrayList<>())
                            .add(new Compared(log.of(t.before, t.after), log.of(t.phase), t.phase.rowsPerSecond()));
                }
                System.out.printf("%nafter sweep %d; full %,.0f rows/s; %s%n", sweep + 1, full, load);
                System.out.println("target share  p50   p95   p99 (with/alone)  alone ms p50 p95 p99   rows/s");
                by.forEach((key, all) -> System.out.printf(
                        "%s  %5.2f %5.2f %5.2f   %5.2f %5.2f %5.2f  %,9.0f%n",
                        key,
                        Statistics.median(all.stream()
                                .mapToDouble(c -> c.ratio(Latencies::p50))
                                .toArray()),
                        Statistics.median(all.stream()
                                .mapToDouble(c -> c.ratio(Latencies::p95))
                                .toArray()),
                        Statistics.median(all.stream()
                                .mapToDouble(c -> c.ratio(Latencies::p99))
                                .toArray()),
                        Statistics.median(
                                all.stream().mapToDouble(c -> c.alone().p50()).toArray()),
                        Statistics.median(
                                all.stream().mapToDouble(c -> c.alone().p95()).toArray()),
                        Statistics.median(
                                all.stream().mapToDouble(c -> c.alone().p99()).toArray()),
                        Statistics.median(all.stream()
                                .mapToDouble(Compared::rowsPerSecond)
                                .toArray())));
            }
        }
        return 0;
    }

    private static String ms(Latencies l) {
        return String.format("%.2f/%.2f/%.2f", l.p50(), l.p95(), l.p99());
    }
}
