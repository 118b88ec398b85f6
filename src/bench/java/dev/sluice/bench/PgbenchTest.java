package dev.sluice.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(OS.WINDOWS) // no permission bits there
class PgbenchTest {
    @TempDir
    Path folder;

    private Path executable(String path) throws IOException {
        Path file = folder.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "");
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @Test
    void theNewestVersionWins() throws IOException {
        executable("versions/9/bin/pgbench");
        Path newest = executable("versions/18/bin/pgbench");
        executable("versions/latest/bin/pgbench");
        Files.createDirectories(folder.resolve("versions/19/bin"));
        executable("bin/pgbench");
        assertThat(Pgbench.find(
                        folder.resolve("versions"), folder.resolve("bin").toString()))
                .isEqualTo(newest);
    }

    @Test
    void elseTheFirstOnThePath() throws IOException {
        Path first = executable("bin/pgbench");
        executable("other/pgbench");
        Files.createDirectories(folder.resolve("nothing"));
        assertThat(Pgbench.find(
                        folder.resolve("versions"),
                        folder.resolve("nothing") + ":" + folder.resolve("bin") + ":" + folder.resolve("other")))
                .isEqualTo(first);
    }

    @Test
    void whereThereIsNoneItSaysWhatToInstall() throws IOException {
        Files.writeString(folder.resolve("pgbench"), "not executable");
        assertThatThrownBy(() -> Pgbench.find(folder, folder.toString()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("there is no pgbench")
                .hasMessageContaining("sudo apt-get install postgresql");
    }
}
