package dev.sluice.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TransactionLogTest {
    private static final Instant BEGIN = Instant.ofEpochSecond(1_000);

    @TempDir
    Path folder;

    private TransactionLog log(String... lines) throws IOException {
        Files.writeString(folder.resolve("transactions.77"), String.join("\n", lines));
        return TransactionLog.read(folder.resolve("transactions"));
    }

    private static Phase seconds(long from, long to) {
        return new Phase(BEGIN.plusSeconds(from), BEGIN.plusSeconds(to));
    }

    @Test
    void aTransactionBelongsToTheMomentItWasDue() throws IOException {
        // due at 1.0, 1.5 and 2.0 s, ended at 1.002, 5.5 and 2.001 s
        TransactionLog log =
                log("0 1 2000 0 1001 2000 10", "1 1 4000000 0 1005 500000 3999000", "0 2 1000 0 1002 1000 5");
        assertThat(log.of(seconds(1, 2))).isEqualTo(new Latencies(2, 4000, 4000, 2));
        assertThat(log.of(seconds(2, 3))).isEqualTo(new Latencies(1, 1, 1, 1));
        assertThat(log.of(seconds(1, 2), seconds(2, 3)).transactions()).isEqualTo(3);
    }

    @Test
    void theFilesOfAllThreadsCount() throws IOException {
        Files.writeString(folder.resolve("transactions.77.1"), "4 1 3000 0 1001 3000\n");
        Files.writeString(folder.resolve("transactionsofothers.77"), "no line of a log\n");
        assertThat(log("0 1 2000 0 1001 2000 10 0").of(seconds(1, 2))).isEqualTo(new Latencies(2, 3, 3, 2));
    }

    @ParameterizedTest
    @ValueSource(strings = {"failed", "skipped", "serialization", "deadlock"})
    void whatFailedIsInfinitelySlow(String word) throws IOException {
        TransactionLog log = log("0 1 2000 0 1001 2000 10", "0 2 " + word + " 0 1001 900000 10");
        assertThat(log.of(seconds(1, 2)))
                .isEqualTo(new Latencies(2, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY, 2));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "0 1 2000 0 1001",
                "0 1 2000 0 1001 2000 1 2 3",
                "0 1 -5 0 1001 2000",
                "0 1 2.5 0 1001 2000",
                "0 1 lost 0 1001 2000",
                "0 1 2000 0 soon 2000",
                "0 1 2000 0 1001 2000,5",
                "0 1 2000 0 99999999999999999 2000",
                "0 1  2000 0 1001 2000",
                "tps = 838.1"
            })
    void aLineThatIsNoneIsNamed(String line) {
        assertThatThrownBy(() -> log("0 1 2000 0 1001 2000 10", line, "0 2 2000 0 1001 2000"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("transactions.77:2: '" + line + "' is not a line of pgbench's log")
                .hasMessageContaining("Fix:");
    }

    @Test
    void anEmptyLogHasNothingToSay() throws IOException {
        TransactionLog empty = log();
        assertThatThrownBy(() -> empty.of(seconds(1, 2)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("none of pgbench's 0 transactions");
    }

    @Test
    void aLogOfAnotherTimeHasNothingToSay() throws IOException {
        TransactionLog log = log("0 1 2000 0 1001 2000 10");
        assertThatThrownBy(() -> log.of(seconds(2, 3)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("none of pgbench's 1 transactions");
    }

    @Test
    void noFileIsAnError() {
        assertThatThrownBy(() -> TransactionLog.read(folder.resolve("transactions")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("left no")
                .hasMessageContaining("--log");
    }

    @Test
    void whatAnEarlierRunLeftIsDeletedAndNothingElse() throws IOException {
        log("0 1 2000 0 1001 2000 10");
        Path other = Files.writeString(folder.resolve("transactions-of-others"), "");
        TransactionLog.delete(folder.resolve("transactions"));
        assertThat(folder).isDirectoryContaining(other::equals).isDirectoryNotContaining("glob:**.77");
    }
}
