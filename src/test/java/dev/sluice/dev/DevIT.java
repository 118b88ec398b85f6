package dev.sluice.dev;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.problem.Problem;
import dev.sluice.time.Time;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DevIT {
    @TempDir
    private Path root;

    private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
    private final List<String> calls = new ArrayList<>();
    private final Set<String> open = new HashSet<>();
    private final Set<String> refused = new HashSet<>();

    @Test
    void runsEveryJobAndEndsWithZeroWhenTheGatesAreOpen() {
        assertThat(dev(List.of("a", "b")).run(options(OptionalLong.of(200), false)))
                .isZero();
        assertThat(calls)
                .containsExactly(
                        "worker sees 200",
                        "open? a",
                        "run a",
                        "gate a",
                        "open? b",
                        "run b",
                        "gate b",
                        "worker ends, database answers");
        assertThat(screen.toString(UTF_8)).contains("200 people").contains("Every gate is open: 2 of 2.");
        assertThat(Postmaster.of(folder())).isEmpty();
    }

    @Test
    void aSecondTimeShowsTheGatesWithoutRunningAgain() {
        dev(List.of("a")).run(options(OptionalLong.of(200), false));
        calls.clear();
        assertThat(dev(List.of("a")).run(options(OptionalLong.empty(), false))).isZero();
        assertThat(calls).containsExactly("worker sees 200", "open? a", "gate a", "worker ends, database answers");
        assertThat(screen.toString(UTF_8)).contains("as they were left").contains("done in an earlier run");
    }

    @Test
    void aClosedGateMeansOneAndTheOtherJobsStillRun() {
        refused.add("a");
        assertThat(dev(List.of("a", "b")).run(options(OptionalLong.of(200), false)))
                .isEqualTo(1);
        assertThat(calls).contains("gate a", "run b", "gate b");
        assertThat(screen.toString(UTF_8)).contains("not run: no").contains("still closed: 1 of 2");
    }

    @Test
    void withoutJobsThereIsNothingToOpen() {
        assertThat(dev(List.of()).run(options(OptionalLong.of(200), false))).isEqualTo(1);
        assertThat(screen.toString(UTF_8)).contains("There is no job");
    }

    @Test
    void anotherNumberOfRowsNeedsFresh() {
        dev(List.of("a")).run(options(OptionalLong.of(200), false));
        assertThatThrownBy(() -> dev(List.of("a")).run(options(OptionalLong.of(300), false)))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("--fresh");
        assertThat(Postmaster.of(folder())).as("the server is stopped").isEmpty();
        open.clear();
        assertThat(dev(List.of("a")).run(options(OptionalLong.of(300), true))).isZero();
    }

    @Test
    void aStopSignalEndsTheWorkerFirstAndThenTheServer() throws Exception {
        Process serving = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Serving.class.getName(),
                        root.toString())
                .redirectErrorStream(true)
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(serving::destroyForcibly));
        List<String> lines = new ArrayList<>();
        try (var reader = serving.inputReader()) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.add(line);
                if (line.startsWith("Ctrl-C stops everything")) {
                    assertThat(Postmaster.of(folder())).isPresent();
                    serving.toHandle().destroy(); // Process.destroy would close the stream, too
                }
            }
        }
        assertThat(serving.waitFor()).isEqualTo(143);
        assertThat(lines).contains("worker ends, database answers");
        assertThat(Postmaster.of(folder())).isEmpty();
        assertThat(folder().data().resolve("postmaster.pid")).doesNotExist();
    }

    /** {@code sluice dev} without {@code --exit}, with stand-ins that print what they are asked. */
    static final class Serving {
        private Serving() {}

        @SuppressWarnings("SystemOut")
        public static void main(String[] args) {
            DevIT stand = new DevIT();
            stand.root = Path.of(args[0]);
            var dev = new Dev(
                    stand.folder(),
                    settings -> stand.new FakeWorker(settings, List.of("a")) {
                        @Override
                        public void close() {
                            super.close();
                            System.out.println(stand.calls.getLast());
                        }
                    },
                    stand.new FakeDoors(),
                    System.out,
                    Time.system());
            System.exit(dev.run(new DevOptions(OptionalLong.of(200), false, false, 0, Path.of("jobs"))));
        }
    }

    private StateFolder folder() {
        return new StateFolder(root, Path.of(System.getProperty("java.io.tmpdir"), "embedded-pg"));
    }

    private static DevOptions options(OptionalLong people, boolean fresh) {
        return new DevOptions(people, fresh, true, 0, Path.of("jobs"));
    }

    private Dev dev(List<String> jobs) {
        return new Dev(
                folder(),
                settings -> new FakeWorker(settings, jobs),
                new FakeDoors(),
                new PrintStream(screen, true, UTF_8),
                Time.system());
    }

    /** Counts the people when it starts, and looks whether the database is still there when it ends. */
    private class FakeWorker implements DevWorker {
        private final Settings settings;
        private final List<String> jobs;

        FakeWorker(Settings settings, List<String> jobs) {
            this.settings = settings;
            this.jobs = jobs;
            calls.add("worker sees " + people());
        }

        @Override
        public String url() {
            return "http://127.0.0.1:1";
        }

        @Override
        public List<String> jobs() {
            return jobs;
        }

        @Override
        public void close() {
            calls.add("worker ends, database " + (people() > 0 ? "answers" : "is empty"));
        }

        private long people() {
            try (var connection = DriverManager.getConnection(settings.url(), settings.user(), settings.password());
                    var rows = connection.createStatement().executeQuery("SELECT count(*) FROM app.people")) {
                rows.next();
                return rows.getLong(1);
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private final class FakeDoors implements DevClient {
        @Override
        public boolean isOpen(String server, String job) {
            calls.add("open? " + job);
            return open.contains(job);
        }

        @Override
        public void follow(String server, String job) {
            calls.add("run " + job);
            if (refused.contains(job)) {
                throw new Problem(Problem.Kind.CONFLICT, "no", "no");
            }
            open.add(job);
        }

        @Override
        public boolean printGate(String server, String job) {
            calls.add("gate " + job);
            return open.contains(job);
        }
    }
}
