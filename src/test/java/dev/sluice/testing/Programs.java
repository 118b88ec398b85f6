package dev.sluice.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import io.zonky.test.db.postgres.util.LinuxUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The programs of one version of PostgreSQL.
 *
 * @param bin the folder of {@code initdb}, {@code pg_ctl} and {@code postgres}
 */
public record Programs(Path bin) {

    /** Those of the embedded server, unpacked. */
    public static Programs embedded() {
        return Embedded.PROGRAMS;
    }

    /** Of another version: in the folder {@code -Dsluice.test.programs=…}, or those of a Debian package of it. */
    public static Optional<Programs> installed(int version) {
        Path bin = Path.of(System.getProperty("sluice.test.programs", "/usr/lib/postgresql/" + version + "/bin"));
        return Files.isExecutable(bin.resolve("postgres")) ? Optional.of(new Programs(bin)) : Optional.empty();
    }

    /** Unpacked when first used: by starting the server once and looking where it is. */
    private static final class Embedded {
        static final Programs PROGRAMS = unpack();

        private static Programs unpack() {
            try (EmbeddedPostgres once = EmbeddedPostgres.start();
                    var connection = once.getPostgresDatabase().getConnection();
                    var statement = connection.createStatement();
                    var row = statement.executeQuery("SHOW data_directory")) {
                row.next();
                Path pidFile = Path.of(row.getString(1)).resolve("postmaster.pid");
                long pid = Long.parseLong(Files.readAllLines(pidFile).getFirst().strip());
                String postgres =
                        ProcessHandle.of(pid).flatMap(p -> p.info().command()).orElseThrow();
                return new Programs(Path.of(postgres).resolveSibling(""));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (java.sql.SQLException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /**
     * Runs one of them to its end.
     *
     * @param output what it prints goes there
     * @throws IllegalStateException with the output, when it fails
     */
    void run(Path output, String program, String... arguments) {
        List<String> command = new ArrayList<>();
        if (System.getProperty("user.name", "").equals("root") && LinuxUtils.isUnshareAvailable()) {
            command.addAll(List.of("unshare", "-U")); // the server refuses to run as root
        }
        command.add(bin.resolve(program).toString());
        command.addAll(List.of(arguments));
        try {
            Process process = new ProcessBuilder(command)
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
                    .start();
            if (process.waitFor() != 0) {
                throw new IllegalStateException(command + " failed:\n" + Files.readString(output));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("asked to stop during " + command, e);
        }
    }
}
