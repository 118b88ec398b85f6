package dev.sluice.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever one file is or says, it is told with one mistake, and the jobs beside it stay. */
class HostileFilesTest {
    private static final JobReader READER = new JobReader(cron -> Optional.empty());
    private static final String GOOD = "job: good\nmigrate:\n  table: t\n  delete: true\n  where: x\n";

    @TempDir
    private Path folder;

    private void write(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }

    private JobFolder around(JobReader reader) throws IOException {
        write("a-good.yaml", GOOD);
        write("z-good.yaml", GOOD.replace("good", "also-good"));
        var jobs = new JobFolder(folder, reader);
        jobs.refresh();
        return jobs;
    }

    private static void assertGoodStay(JobFolder jobs) {
        assertThat(jobs.good()).extracting(Job::name).contains("good", "also-good");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "partitions: 1e99",
                "partitions: -1e99",
                "partitions: 1e19",
                "partitions: 9223372036854775808",
                "batch: { size: 1e99 }",
                "batch: { size: 1e20 }",
                "throttle: { rows-per-second: 1e30 }",
                "throttle: { rows-per-second: 99999999999999999999999999 }",
            })
    void aNumberBeyondEveryLongIsOneMistakeAtItsLine(String line) throws IOException {
        String yaml = WrongFile.set("  " + line + "\n");
        assertThat(READER.read("a.yaml", yaml).mistakes()).singleElement().satisfies(m -> {
            assertThat(m.line()).isEqualTo(6);
            assertThat(m.code()).isEqualTo("out-of-range");
            assertThat(m.reason()).contains("is not within 1 and");
            assertThat(m.fix()).contains("Write a whole number from 1 to");
        });
        write("m.yaml", yaml);
        assertGoodStay(around(READER));
    }

    @Test
    void whatIsThrownWhileOneFileIsReadIsItsMistakeAlone() throws IOException {
        JobReader faulty = new JobReader(schedule -> {
            if (schedule.cron().contains("7")) {
                throw new StackOverflowError();
            }
            throw new IllegalStateException("of all things");
        });
        write("m.yaml", WrongFile.set("  schedule: { cron: 0 0 1 * * ? }\n"));
        write("n.yaml", WrongFile.set("  schedule: { cron: 0 0 7 * * ? }\n"));
        JobFolder jobs = around(faulty);
        assertGoodStay(jobs);
        assertThat(jobs.files())
                .flatExtracting(JobFile::mistakes)
                .extracting(Mistake::toString)
                .satisfiesExactly(
                        m -> assertThat(m)
                                .startsWith("m.yaml: it could not be read")
                                .contains("IllegalState"),
                        n -> assertThat(n)
                                .startsWith("n.yaml: it could not be read")
                                .contains("StackOverflow"));
        write("z-good.yaml", GOOD.replace("good", "new"));
        assertThat(jobs.refresh().added()).as("further changes are taken up").containsExactly("new");
    }

    @Test
    void ofManyMistakesTheFirstTwentyAreToldAndCounted() {
        StringBuilder yaml = new StringBuilder(GOOD);
        for (int i = 0; i < 5000; i++) {
            yaml.append("nonsense").append(i).append(": 1\n");
        }
        List<Mistake> mistakes = READER.read("a.yaml", yaml.toString()).mistakes();
        assertThat(mistakes).hasSize(21);
        assertThat(mistakes.getLast().code()).isEqualTo("more-mistakes");
        assertThat(mistakes.getLast().reason()).isEqualTo("4980 more mistakes are in the file.");
    }

    @Test
    void aLongKeyIsNotRepeatedInThePathOfEachKeyBelowIt() {
        StringBuilder yaml =
                new StringBuilder("x".repeat(900_000)).insert(0, "? ").append("\n: { a0: 1");
        for (int i = 1; i < 9000; i++) {
            yaml.append(", a").append(i).append(": 1");
        }
        JobFile file = READER.read("a.yaml", yaml.append(" }\n").toString());
        assertThat(file.mistakes().getFirst().reason()).isEqualTo("a key has 900000 characters, at most 200 are read.");
        assertThat(file.lines().size()).isLessThan(10);
    }

    @Test
    void aReasonDoesNotQuoteAllOfALongValue() {
        for (String value :
                List.of("!" + "x".repeat(500_000), "\"" + "y".repeat(500_000) + "\"", "*" + "z".repeat(500_000))) {
            assertThat(READER.read("a.yaml", WrongFile.set("  partitions: " + value + "\n"))
                            .mistakes())
                    .isNotEmpty()
                    .allSatisfy(m -> assertThat(m.toString().length()).isLessThan(1000));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"description: \"a\\0b\"", "owner: \"\\uD800\"", "\"\\uDC00\": 1", "\"\\0\": 1"})
    void whatNoDatabaseCanStoreIsRefused(String line) {
        assertThat(READER.read("a.yaml", GOOD + line + "\n").mistakes())
                .singleElement()
                .satisfies(m -> assertThat(m.reason()).contains("the character NUL, or half of a character"));
    }

    @Test
    void aForgedLineIsToldInOneLine() throws IOException {
        write("m\n2026-01-01 INFO all is well.yaml", GOOD + "\"x\\n\\u001b[2Jy\\u202e\": 1\n");
        List<Mistake> mistakes = around(READER).files().stream()
                .flatMap(f -> f.mistakes().stream())
                .toList();
        assertThat(mistakes)
                .singleElement()
                .satisfies(m -> assertThat(m.toString())
                        .startsWith("m\\n2026-01-01 INFO all is well.yaml:6: x\\n\\u001b[2Jy\\u202e: no such key")
                        .doesNotContain("\n", "\u001b", "\u202e"));
    }

    @Test
    void aLinkOutOfTheFolderIsRefusedWithoutItsContent() throws IOException {
        Path jobs = Files.createDirectory(folder.resolve("jobs"));
        Path secret = Files.writeString(folder.resolve("secret"), "hunter2: [\n");
        Files.createSymbolicLink(jobs.resolve("absolute.yaml"), secret);
        Files.createSymbolicLink(jobs.resolve("relative.yaml"), Path.of("../secret"));
        Files.createSymbolicLink(jobs.resolve("zero.yaml"), Path.of("/dev/zero"));
        Files.createSymbolicLink(jobs.resolve("loop.yaml"), Path.of("loop.yaml"));
        Files.createSymbolicLink(jobs.resolve("broken.yaml"), Path.of("nowhere"));
        Files.createDirectory(jobs.resolve("sub"));
        Files.writeString(jobs.resolve("sub/job"), GOOD);
        Files.createSymbolicLink(jobs.resolve("inside.yaml"), Path.of("sub/job"));
        var read = new JobFolder(jobs, READER);
        read.refresh();
        assertThat(read.good()).extracting(Job::name).containsExactly("good");
        List<String> told = read.files().stream()
                .flatMap(f -> f.mistakes().stream())
                .map(Mistake::toString)
                .toList();
        assertThat(told).hasSize(5).noneMatch(t -> t.contains("hunter2"));
        assertThat(told)
                .filteredOn(t -> t.contains("a link that leads out of the folder"))
                .hasSize(3);
        assertThat(READER.read("named", jobs.resolve("absolute.yaml"))
                        .mistakes()
                        .getFirst()
                        .code())
                .as("a person may name a link")
                .isEqualTo("bad-yaml");
    }

    @Test
    @Timeout(60)
    void noSpecialFileMakesTheReaderWait() throws Exception {
        Files.createDirectory(folder.resolve("m.yaml"));
        assertThat(new ProcessBuilder("mkfifo", folder.resolve("n.yaml").toString())
                        .start()
                        .waitFor())
                .isZero();
        Files.createSymbolicLink(folder.resolve("p.yaml"), Path.of("n.yaml"));
        try (var socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            // an address has at most about 100 bytes
            Path place = Files.createTempFile(Path.of("/tmp"), "s", ".yaml");
            Files.delete(place);
            socket.bind(UnixDomainSocketAddress.of(place));
            Files.move(place, folder.resolve("o.yaml"));
            JobFolder jobs = around(READER);
            assertGoodStay(jobs);
            assertThat(jobs.files())
                    .flatExtracting(JobFile::mistakes)
                    .extracting(m -> m.file() + " " + m.reason())
                    .containsExactly(
                            "m.yaml cannot be read: it is a folder, and subfolders are not looked at.",
                            "n.yaml cannot be read: it is a pipe, a socket or a device, and no file.",
                            "o.yaml cannot be read: it is a pipe, a socket or a device, and no file.",
                            "p.yaml cannot be read: it is a pipe, a socket or a device, and no file.");
        }
    }

    /** The parser copied all it had read for each kilobyte that a long line or comment added. */
    @Test
    void aFileOfCommentsCostsLittle() {
        String line = "#".repeat(1_000_000);
        assertThat(cpu(line)).isLessThan(Duration.ofMillis(400));
        assertThat(cpu(GOOD + line)).isLessThan(Duration.ofMillis(400));
        assertThat(cpu(GOOD + "# a comment\n".repeat(80_000))).isLessThan(Duration.ofMillis(400));
        assertThat(cpu(GOOD + "description: >\n" + "  a\n".repeat(200_000))).isLessThan(Duration.ofMillis(400));
    }

    private static Duration cpu(String text) {
        var threads = ManagementFactory.getThreadMXBean();
        Duration least = Duration.ofHours(1);
        for (int i = 0; i < 5; i++) {
            long before = threads.getCurrentThreadCpuTime();
            READER.read("a.yaml", text);
            Duration took = Duration.ofNanos(threads.getCurrentThreadCpuTime() - before);
            least = took.compareTo(least) < 0 ? took : least;
        }
        return least;
    }
}
