package dev.sluice.arch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourceFilesTest {
    private static final SourceFiles MAIN = new SourceFiles(Path.of("src", "main", "java"));

    @TempDir
    private Path crooked;

    @Test
    void noFileIsTooLong() throws IOException {
        assertThat(MAIN.tooLong()).isEmpty();
    }

    @Test
    void everyPackageIsNullMarkedAndDescribed() throws IOException {
        assertThat(MAIN.packagesWithoutNullMarked()).isEmpty();
    }

    @Test
    void findsALongFile() throws IOException {
        Files.writeString(crooked.resolve("Short.java"), "\n".repeat(350));
        assertThat(new SourceFiles(crooked).tooLong()).isEmpty();
        Files.writeString(crooked.resolve("Long.java"), "\n".repeat(351));
        assertThat(new SourceFiles(crooked).tooLong()).containsExactly("Long.java has 351 lines, over 350");
    }

    @Test
    void findsAPackageWithoutInfo() throws IOException {
        Path bare = Files.createDirectories(crooked.resolve("bare"));
        Files.writeString(bare.resolve("A.java"), "package bare;\n");
        Path plain = Files.createDirectories(crooked.resolve("plain"));
        Files.writeString(plain.resolve("package-info.java"), "package plain;\n");
        assertThat(new SourceFiles(crooked).packagesWithoutNullMarked())
                .containsExactly(
                        "bare has no package-info.java",
                        "plain/package-info.java lacks @NullMarked",
                        "plain/package-info.java does not say what the room owns");
    }
}
