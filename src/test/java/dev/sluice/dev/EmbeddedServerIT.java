package dev.sluice.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedServerIT {
    @TempDir
    private Path root;

    /** The programs outlive the test's folder: other tests of this JVM may run a server from them. */
    private StateFolder folder() {
        return new StateFolder(root, Path.of(System.getProperty("java.io.tmpdir"), "embedded-pg"));
    }

    @Test
    void dataSurvivesARestartAndFreshStartsOver() {
        try (var server = EmbeddedServer.start(folder(), false)) {
            run(server, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (42)");
            assertThat(value(server, "SHOW fsync")).isEqualTo("on");
            assertThat(value(server, "SHOW synchronous_commit")).isEqualTo("on");
            assertThat(value(server, "SHOW server_version")).startsWith("18.");
            assertThat(value(server, "SELECT upper('é')")).isEqualTo("É");
        }
        assertThat(Postmaster.of(folder())).isEmpty();
        try (var server = EmbeddedServer.start(folder(), false)) {
            assertThat(value(server, "SELECT n FROM kept")).isEqualTo("42");
        }
        try (var server = EmbeddedServer.start(folder(), true)) {
            assertThat(value(server, "SELECT to_regclass('kept')")).isEqualTo("null");
        }
    }

    @Test
    void aSecondInstanceIsToldWhoRuns() {
        try (var ignored = EmbeddedServer.start(folder(), false)) {
            assertThatThrownBy(() -> EmbeddedServer.start(folder(), true))
                    .isInstanceOfSatisfying(
                            Problem.class, p -> assertThat(p.code()).isEqualTo("already-running"))
                    .hasMessageContaining("process " + ProcessHandle.current().pid())
                    .hasMessageContaining("stop it first");
        }
    }

    @Test
    void aKilledOwnersRunningServerIsEndedAndItsRowsAreKept() throws Exception {
        Process owner = owner();
        var left = Postmaster.of(folder()).orElseThrow();
        owner.destroyForcibly().waitFor();
        assertThat(left.process().isAlive())
                .as("the server outlives its killed owner")
                .isTrue();

        try (var server = EmbeddedServer.start(folder(), false)) {
            assertThat(left.process().isAlive()).isFalse();
            assertThat(value(server, "SELECT count(*) FROM written")).isEqualTo("1000");
        }
    }

    @Test
    void aKilledServersPidFileIsNoHindrance() throws Exception {
        Process owner = owner();
        var left = Postmaster.of(folder()).orElseThrow();
        owner.destroyForcibly().waitFor();
        left.process().destroyForcibly();
        assertThat(left.awaitEnd(Duration.ofSeconds(20))).isTrue();
        assertThat(folder().data().resolve("postmaster.pid")).exists();

        try (var server = EmbeddedServer.start(folder(), false)) {
            assertThat(value(server, "SELECT count(*) FROM written")).isEqualTo("1000");
        }
    }

    @Test
    void aDeadProcessNumberThatWentToAnotherProgramIsNotKilled() throws IOException {
        Path data = Files.createDirectories(folder().data());
        Files.writeString(
                data.resolve("postmaster.pid"), ProcessHandle.current().pid() + "\n" + data + "\n");
        assertThat(Postmaster.of(folder())).isEmpty();
        Files.writeString(data.resolve("postmaster.pid"), "no number\n");
        assertThat(Postmaster.of(folder())).isEmpty();
    }

    @Test
    void halfMadeDataIsMadeAnew() throws IOException {
        Files.createDirectories(folder().data());
        Files.writeString(folder().data().resolve("postgresql.conf"), "rubbish");
        try (var server = EmbeddedServer.start(folder(), false)) {
            assertThat(value(server, "SELECT 1")).isEqualTo("1");
        }
    }

    @Test
    void dataOfAnotherVersionIsRefused() throws IOException {
        Files.createDirectories(folder().data());
        Files.writeString(folder().data().resolve("PG_VERSION"), "17\n");
        Files.createFile(folder().complete());
        assertThatThrownBy(() -> EmbeddedServer.start(folder(), false))
                .hasMessageContaining("PostgreSQL 17")
                .hasMessageContaining("--fresh");
    }

    @Test
    void damagedDataIsToldInTheServersWords() throws IOException {
        try (var server = EmbeddedServer.start(folder(), false)) {
            assertThat(value(server, "SELECT 1")).isEqualTo("1");
        }
        Files.delete(folder().data().resolve("global").resolve("pg_control"));
        assertThatThrownBy(() -> EmbeddedServer.start(folder(), false, Duration.ofSeconds(3)))
                .hasMessageContaining("pg_control")
                .hasMessageContaining("--fresh");
    }

    /** Another JVM that starts the server, writes 1,000 rows and then waits to be killed. */
    private Process owner() throws IOException, InterruptedException {
        Process owner = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Owner.class.getName(),
                        folder().root().toString(),
                        folder().binaries().toString())
                .redirectErrorStream(true)
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(owner::destroyForcibly));
        String line = owner.inputReader().readLine();
        if (!"ready".equals(line)) {
            owner.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
            throw new IllegalStateException("the owner said " + line);
        }
        return owner;
    }

    static final class Owner {
        private Owner() {}

        @SuppressWarnings("SystemOut")
        public static void main(String[] args) throws IOException {
            var server = EmbeddedServer.start(new StateFolder(Path.of(args[0]), Path.of(args[1])), false);
            run(server, "CREATE TABLE written AS SELECT generate_series(1, 1000) AS n");
            System.out.println("ready");
            int never = System.in.read();
            throw new IllegalStateException("told to end by " + never);
        }
    }

    private static void run(EmbeddedServer server, String... statements) {
        try (Connection connection = DriverManager.getConnection(server.url(), server.user(), server.password());
                Statement statement = connection.createStatement()) {
            for (String sql : List.of(statements)) {
                statement.execute(sql);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String value(EmbeddedServer server, String sql) {
        try (Connection connection = DriverManager.getConnection(server.url(), server.user(), server.password());
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return String.valueOf(row.getString(1));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
