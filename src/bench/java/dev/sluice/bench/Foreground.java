package dev.sluice.bench;

import dev.sluice.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an application feels of a backfill: pgbench at 40 percent of its own maximum, alone and with something beside
 * it, in interleaved pairs, every second one in reverse order. {@code docs/performance.md} says how. Options:
 * {@code bench.pairs} (60), {@code bench.seconds} (4, the length of a phase), {@code bench.settle} (1, how much of that
 * is not measured), {@code bench.rows} (6000000), {@code bench.scenario} (both, own, same) and {@code bench.cores} (as
 * the default has it; otherwise {@code throttle: cores} of Sluice's job, such as {@code 1%} or {@code off}).
 */
final class Foreground {
    static final String GUARDED = "people-full-name";
    static final String UNTHROTTLED = "people-unthrottled";
    static final String LOOP = "loop";
    static final String SINGLE = "single";
    /** Two phases alone, one after the other: how far apart they are is noise. */
    static final String NOTHING = "nothing";

    /** A round's WAL stays below the half of it at which the server asks for a checkpoint. */
    private static final Map<String, String> SERVER = Map.of("max_wal_size", "32GB");
    /** Each begins on a fresh copy of the table, and ends with the alternatives. */
    private static final int ROUNDS = 3;
    /** Repeats of rounds that failed or ran out of rows. */
    private static final int SPARE_ROUNDS = 2;

    /** A single phase beside an alternative has to tell something by itself. */
    static final Duration ALTERNATIVE = Duration.ofSeconds(8);

    private static final Duration DISK = Duration.ofSeconds(60);
    private static final Duration WARM_UP = Duration.ofSeconds(6);

    private final BenchServer server;
    private final Path folder;
    private final People people;
    private final int pairs;
    private final Stage.Cadence cadence;
    private final Map<Scenario, Load> loads = new EnumMap<>(Scenario.class);
    /** By the neighbour. */
    private final Map<Scenario, Map<String, List<Compared>>> measured = new EnumMap<>(Scenario.class);

    private int failures;

    private Foreground(BenchServer server, Path folder, People people, int pairs, Stage.Cadence cadence) {
        this.server = server;
        this.folder = folder;
        this.people = people;
        this.pairs = pairs;
        this.cadence = cadence;
    }

    /**
     * Runs it all, and writes the report.
     *
     * @param folder for everything
     * @return how much did not work; what was measured does not count
     */
    static int run(Targets wishes, Path folder) throws IOException, InterruptedException {
        int pairs = wishes.number("bench.pairs", 60, 1, 400);
        int seconds = wishes.number("bench.seconds", 4, 2, 120);
        int settle = wishes.number("bench.settle", 1, 0, seconds - 1);
        int rows = wishes.number("bench.rows", 6_000_000, 100_000, 100_000_000);
        List<Scenario> scenarios = Scenario.of(wishes.choice("bench.scenario", List.of("both", "own", "same")));
        Files.createDirectories(folder);
        String cores = wishes.text("bench.cores");
        SluiceProcess.define(
                folder, GUARDED, cores.isEmpty() ? new String[0] : new String[] {"throttle: { cores: " + cores + " }"});
        SluiceProcess.define(folder, UNTHROTTLED, "throttle: off");
        Watchdog.set(Duration.ofMinutes(20).plusSeconds(4L * scenarios.size() * pairs * seconds));
        DiskAlone disk = DiskAlone.in(folder, DISK);
        System.out.println(disk.text());
        try (BenchServer server = BenchServer.start(folder.resolve("data"), SERVER)) {
            var cadence = new Stage.Cadence(Duration.ofSeconds(settle), Duration.ofSeconds(seconds - settle));
            var bench = new Foreground(server, folder, new People(rows, 2), pairs, cadence);
            Pgbench.create(server.prepare(bench.people), folder);
            for (Scenario scenario : scenarios) {
                bench.run(scenario);
            }
            String report = new ForegroundReport(bench.loads, bench.measured, cores)
                    .text(server.describe() + "\n" + disk.text(), rows, bench.cadence);
            Files.writeString(folder.resolve("report.md"), report);
            System.out.println(report);
            return bench.failures;
        }
    }

    private void run(Scenario scenario) throws InterruptedException {
        int rounds = Math.min(ROUNDS, pairs);
        var results = measured.computeIfAbsent(scenario, s -> new LinkedHashMap<>());
        for (int round = 1; round <= rounds + SPARE_ROUNDS; round++) {
            int done = results.getOrDefault(GUARDED, List.of()).size();
            if (done >= pairs && results.getOrDefault(SINGLE, List.of()).size() >= rounds) {
                return;
            }
            try {
                round(scenario, results, done, Math.min(Math.ceilDiv(pairs, rounds), pairs - done));
            } catch (IOException | SQLException | RuntimeException e) {
                failures++;
                System.out.printf("%s, round %d: FAILED%n", scenario.title(), round);
                e.printStackTrace();
            }
        }
        failures++;
        System.out.printf("%s: FAILED to come to %d pairs and %d alternatives%n", scenario.title(), pairs, rounds);
    }

    /** Two phases. */
    private record Taken(String neighbour, Phase alone, Phase beside) {}

    private void round(Scenario scenario, Map<String, List<Compared>> results, int done, int wanted)
            throws IOException, InterruptedException, SQLException {
        TestPostgres.Fresh database = server.restored(people);
        Pgbench.preload(database);
        Load load = loads.get(scenario);
        if (load == null) {
            load = Load.of(database, folder, scenario, people.rows(), WARM_UP);
            loads.put(scenario, load);
        }
        List<Taken> taken = new ArrayList<>();
        TransactionLog log;
        try (Stage stage = Stage.set(database, folder, load, WARM_UP)) {
            RunBeside guarded = stage.run(GUARDED, WARM_UP);
            boolean rowsAreLeft = true;
            for (int i = 0; i < wanted && rowsAreLeft; i++) {
                Optional<Taken> pair = pair(stage, guarded, (done + i) % 2 == 0);
                pair.ifPresent(taken::add);
                rowsAreLeft = pair.isPresent();
            }
            if (rowsAreLeft) {
                guarded.cancel();
                alternatives(stage, taken);
            }
            log = stage.end();
        }
        taken.addAll(noise(taken));
        for (Taken t : taken) {
            var compared = new Compared(
                    felt(log, t.alone, load),
                    felt(log, t.beside, load),
                    t.beside.rowsPerSecond(),
                    t.beside.limit(),
                    t.beside.workerCores());
            results.computeIfAbsent(t.neighbour, n -> new ArrayList<>()).add(compared);
            System.out.println(ForegroundReport.line(scenario, t.neighbour, compared));
        }
    }

    private Optional<Taken> pair(Stage stage, RunBeside guarded, boolean aloneFirst)
            throws IOException, InterruptedException, SQLException {
        if (aloneFirst) {
            Phase alone = stage.alone(cadence);
            return stage.beside(guarded, cadence).map(beside -> new Taken(GUARDED, alone, beside));
        }
        Optional<Phase> beside = stage.beside(guarded, cadence);
        if (beside.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new Taken(GUARDED, stage.alone(cadence), beside.get()));
    }

    /** Every second pair is in reverse order, so phases alone lie side by side; the first counts as beside in turn. */
    private static List<Taken> noise(List<Taken> taken) {
        List<Phase> alone = taken.stream()
                .filter(t -> t.neighbour.equals(GUARDED))
                .map(Taken::alone)
                .toList();
        List<Phase> beside = taken.stream()
                .filter(t -> t.neighbour.equals(GUARDED))
                .map(Taken::beside)
                .toList();
        List<Taken> noise = new ArrayList<>();
        for (int i = 1; i < alone.size(); i++) {
            Phase first = alone.get(i - 1);
            Phase second = alone.get(i);
            boolean nothingBetween = beside.stream()
                    .noneMatch(b -> b.from().isAfter(first.from()) && b.from().isBefore(second.from()));
            if (nothingBetween) {
                boolean turn = noise.size() % 2 == 0;
                Phase other = turn ? second : first;
                noise.add(new Taken(NOTHING, turn ? first : second, other.filled(Double.NaN, "")));
            }
        }
        return noise;
    }

    /**
     * The others, after one phase alone, which last longer than those of the pairs. The plain statements have half of
     * that; the single UPDATE is last, since what it leaves behind is felt for long.
     */
    private void alternatives(Stage stage, List<Taken> taken) throws IOException, InterruptedException, SQLException {
        boolean longer = cadence.measured().compareTo(ALTERNATIVE) > 0;
        var whole = new Stage.Cadence(cadence.settle(), longer ? cadence.measured() : ALTERNATIVE);
        var half = new Stage.Cadence(cadence.settle(), whole.measured().dividedBy(2));
        RunBeside unthrottled = stage.run(UNTHROTTLED, WARM_UP);
        Phase alone = stage.alone(whole);
        stage.beside(unthrottled, whole).ifPresent(p -> taken.add(new Taken(UNTHROTTLED, alone, p)));
        Neighbour loop = StatementBeside.loop(stage.database(), unthrottled.reached());
        stage.beside(loop, half).ifPresent(p -> taken.add(new Taken(LOOP, alone, p)));
        Neighbour single = StatementBeside.singleUpdate(stage.database());
        stage.beside(single, half).ifPresent(p -> taken.add(new Taken(SINGLE, alone, p)));
    }

    /** Fails where much of what was due is not in the log: then nobody knows how slow it was. */
    private static Latencies felt(TransactionLog log, Phase phase, Load load) throws IOException {
        Latencies felt = log.of(phase);
        double due = load.rate() * phase.seconds();
        if (felt.transactions() < 0.8 * due) {
            throw new IOException("of some " + Math.round(due) + " transactions only " + felt.transactions()
                    + " are in pgbench's log");
        }
        return felt;
    }
}
