package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code sluice}, in a world with Javas and Mavens that only print what they are told. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
    private static final List<String> PROGRAMS = List.of(
            "sh",
            "sed",
            "dirname",
            "basename",
            "readlink",
            "uname",
            "find",
            "head",
            "mktemp",
            "grep",
            "cat",
            "rm",
            "touch",
            "mkdir");

    @TempDir
    private Path world;

    private final Map<String, String> environment = new TreeMap<>();
    private Path product;
    private Path bin;

    private record Said(int code, String out, String err) {}

    @BeforeEach
    void build() throws IOException {
        product = Files.createDirectories(world.resolve("pro duct"));
        bin = Files.createDirectories(world.resolve("bin"));
        for (String program : PROGRAMS) {
            script(bin.resolve(program), "exec " + onPath(program) + " \"$@\"");
        }
        Files.copy(Path.of("sluice"), product.resolve("sluice"));
        executable(product.resolve("sluice"));
        Files.createDirectories(product.resolve("src").resolve("main"));
        Files.createDirectories(product.resolve("src").resolve("build"));
        Files.writeString(product.resolve("pom.xml"), "<project/>");
        environment.put("PATH", bin.toString());
        environment.put("HOME", world.resolve("home").toString());
        environment.put("SLUICE_JDK_ROOT", world.toString());
    }

    @Test
    void withoutAnyJavaItSaysWhatToInstall() throws Exception {
        Said said = sluice("status");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.out()).isEmpty();
        assertThat(said.err())
                .contains("needs Java 21 or newer, and found no Java at all")
                .contains("Install: ")
                .contains("JAVA_HOME");
    }

    @Test
    void withOldJavasOnlyItNamesThem() throws Exception {
        Path seventeen = java("usr/lib/jvm/java-17", "17.0.15");
        Path eight = java("home/.jdks/old", "1.8.0_402");
        Said said = sluice("status");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.err())
                .contains("has only")
                .contains("Java 17 in " + seventeen)
                .contains("Java 8 in " + eight)
                .contains("Install: ");
    }

    @Test
    void findsAJavaInEveryUsualPlace() throws Exception {
        jar();
        for (String place : List.of(
                "usr/lib/jvm/jdk",
                "Library/Java/JavaVirtualMachines/temurin.jdk/Contents/Home",
                "opt/homebrew/opt/openjdk@25/libexec/openjdk.jdk/Contents/Home",
                "home/.sdkman/candidates/java/25-tem",
                "home/.jdks/corretto-21")) {
            Path home = java(place, "21.0.2");
            assertThat(sluice("--print-java-home").out()).isEqualTo(home + "\n");
            Files.delete(home.resolve("release"));
            Files.delete(home.resolve("bin").resolve("java"));
        }
    }

    @Test
    void prefersJavaHomeThenThePath() throws Exception {
        java("usr/lib/jvm/jdk", "25");
        Path onPath = java("elsewhere/jdk", "21.0.1");
        Files.createSymbolicLink(bin.resolve("java"), onPath.resolve("bin").resolve("java"));
        assertThat(sluice("--print-java-home").out()).isEqualTo(onPath + "\n");

        Path wished = java("wished/jdk", "26-ea");
        environment.put("JAVA_HOME", wished.toString());
        assertThat(sluice("--print-java-home").out()).isEqualTo(wished + "\n");

        environment.put("JAVA_HOME", java("wished/old", "17").toString());
        assertThat(sluice("--print-java-home").out()).isEqualTo(onPath + "\n");
    }

    @Test
    void asksTheJavaItselfWhereThereIsNoReleaseFile() throws Exception {
        Path home = java("usr/lib/jvm/jdk", "22");
        Files.delete(home.resolve("release"));
        assertThat(sluice("--print-java-home").out()).isEqualTo(home + "\n");
    }

    @Test
    void handsOverArgumentsAndExitCode() throws Exception {
        java("usr/lib/jvm/jdk", "25");
        jar();
        environment.put("FAKE_EXIT", "7");
        Said said = sluice("gate", "switch", "two words", "*");
        assertThat(said.code()).isEqualTo(7);
        assertThat(said.out()).contains("\ndev.sluice.Sluice\ngate\nswitch\ntwo words\n*\n");
        assertThat(said.err()).isEmpty();
    }

    @Test
    void onlyDevGetsTheEmbeddedServer() throws Exception {
        java("usr/lib/jvm/jdk", "25");
        jar();
        assertThat(sluice("dev").out()).contains("target/lib/*:").contains("target/lib-dev/*");
        assertThat(sluice("worker").out()).contains("target/lib/*\n").doesNotContain("lib-dev");
    }

    @Test
    void anInstallationWithoutTheEmbeddedServerSaysSo() throws Exception {
        java("usr/lib/jvm/jdk", "25");
        jar();
        Files.delete(product.resolve("pom.xml"));
        Said said = sluice("dev");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.err()).contains("embedded PostgreSQL", "leaves out", "worker");
        assertThat(sluice("worker").code()).isZero();
        Files.createDirectories(product.resolve("target").resolve("lib-dev"));
        assertThat(sluice("dev").code()).isZero();
    }

    @Test
    void userOptionsComeLastAndAreNotPassedOn() throws Exception {
        java("usr/lib/jvm/jdk", "25");
        jar();
        environment.put("SLUICE_JAVA_OPTS", "-Xmx1g -Dx=y");
        environment.put("SLUICE_LOG_LEVEL", "DEBUG");
        Said said = sluice("worker");
        assertThat(said.out())
                .contains("\n-Xmx1g\n-Dx=y\n-cp\n")
                .contains("-Dlog.level=DEBUG\n")
                .contains("env=\n");
        assertThat(said.out().indexOf("-XX:MaxRAMPercentage=50"))
                .isBetween(0, said.out().indexOf("-Xmx1g"));
    }

    @Test
    void onlyTheWorkerIsTalkative() throws Exception {
        java("usr/lib/jvm/jdk", "25");
        jar();
        assertThat(sluice("worker").out()).contains("-Dlog.level=INFO\n");
        assertThat(sluice("status").out()).contains("-Dlog.level=WARN\n");
    }

    @Test
    void newerJavasAreToldNotToWarn() throws Exception {
        jar();
        Path home = java("usr/lib/jvm/jdk", "25");
        assertThat(sluice("status").out()).contains("--enable-native-access=ALL-UNNAMED\n--sun-misc-unsafe");
        Files.delete(home.resolve("release"));
        java("usr/lib/jvm/jdk", "21.0.4");
        assertThat(sluice("status").out()).contains("--enable-native-access").doesNotContain("--sun-misc-unsafe");
    }

    @Test
    void javaTakesTheScriptsPlaceSoThatSignalsReachIt() throws Exception {
        java("usr/lib/jvm/jdk", "25");
        jar();
        Process process = start(world, product.resolve("sluice").toString(), "worker");
        String out = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(out).startsWith("pid=" + process.pid() + "\n");
    }

    @Test
    void worksThroughSymlinksFromAnywhere() throws Exception {
        java("usr/lib/jvm/jdk", "25");
        jar();
        Path links = Files.createDirectories(world.resolve("links"));
        Files.createSymbolicLink(links.resolve("one"), Path.of("../pro duct/sluice"));
        Files.createSymbolicLink(links.resolve("two"), links.resolve("one"));
        Said said = ended(start(world.resolve("bin"), links.resolve("two").toString(), "status"));
        assertThat(said.out()).contains("-cp\n" + product.toRealPath().resolve("target/sluice.jar") + ":");
    }

    @Test
    void withoutMavenItSaysWhatToInstall() throws Exception {
        java("usr/lib/jvm/jdk", "25");
        Said said = sluice("dev");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.err()).contains("needs Maven").contains("Install: ").contains("maven");
    }

    @Test
    void buildsWhatIsMissingBeforeAnyCommand() throws Exception {
        java("usr/lib/jvm/jdk", "25");
        maven("mkdir -p target; touch target/sluice.jar");
        Said said = sluice("status");
        assertThat(said.code()).isZero();
        assertThat(said.err()).contains("building (this is the first start");
        assertThat(calls()).containsExactly("-B -ntp -q -Dmaven.test.skip=true package");
        assertThat(said.out()).contains("\nstatus\n");
        assertThat(sluice("status").err()).isEmpty();
    }

    @Test
    void devAloneBuildsAgainWhenASourceIsNewer() throws Exception {
        java("usr/lib/jvm/jdk", "25");
        maven(":");
        jar();
        Path main = product.resolve("src").resolve("main");
        Path source = Files.writeString(main.resolve("A.java"), "class A {}");
        FileTime longAgo = FileTime.from(Instant.parse("2000-01-01T00:00:00Z"));
        for (Path path : List.of(source, main, product.resolve("src").resolve("build"), product.resolve("pom.xml"))) {
            Files.setLastModifiedTime(path, longAgo);
        }
        sluice("dev");
        assertThat(calls()).isEmpty();

        Files.setLastModifiedTime(source, FileTime.from(Instant.parse("2030-01-01T00:00:00Z")));
        sluice("worker");
        assertThat(calls()).isEmpty();
        assertThat(sluice("dev").err()).contains("sources are newer");
        assertThat(calls()).hasSize(1);
    }

    @Test
    void aFailedBuildShowsMavensErrors() throws Exception {
        java("usr/lib/jvm/jdk", "25");
        maven("echo '[INFO] noise'; echo '[ERROR] A.java:[3,5] cannot find symbol'; exit 1");
        environment.put("TMPDIR", world.toString());
        Said said = sluice("dev");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.err())
                .contains("A.java:[3,5] cannot find symbol")
                .contains("the build failed")
                .contains("output is in " + world)
                .doesNotContain("noise");
    }

    private void jar() throws IOException {
        Files.createDirectories(product.resolve("target"));
        Files.writeString(product.resolve("target").resolve("sluice.jar"), "");
    }

    /** A Java that prints its process number, one setting and its arguments, a line each. */
    private Path java(String place, String version) throws IOException {
        Path home = Files.createDirectories(world.resolve(place));
        Files.createDirectories(home.resolve("bin"));
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
        script(
                home.resolve("bin").resolve("java"),
                "if [ \"$1\" = -version ]; then echo 'openjdk version \"" + version + "\" 2026-01-01' >&2; exit; fi\n"
                        + "echo \"pid=$$\"; echo \"env=${SLUICE_JAVA_OPTS:-}${SLUICE_LOG_LEVEL:-}\"\n"
                        + "for a; do echo \"$a\"; done; exit ${FAKE_EXIT:-0}");
        return home;
    }

    private void maven(String body) throws IOException {
        script(bin.resolve("mvn"), "echo \"$*\" >> '" + world.resolve("calls") + "'\n" + body);
    }

    private List<String> calls() throws IOException {
        Path file = world.resolve("calls");
        return Files.exists(file) ? Files.readAllLines(file) : List.of();
    }

    private static void script(Path file, String body) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + body + "\n");
        executable(file);
    }

    private static void executable(Path file) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static Path onPath(String program) {
        for (String folder : System.getenv("PATH").split(":", -1)) {
            Path file = Path.of(folder, program);
            if (!folder.isEmpty() && Files.isExecutable(file)) {
                return file;
            }
        }
        throw new IllegalStateException("this machine has no " + program);
    }

    private Said sluice(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(product.resolve("sluice").toString()));
        command.addAll(List.of(arguments));
        return ended(start(world, command.toArray(String[]::new)));
    }

    private Process start(Path from, String... command) throws IOException {
        var builder = new ProcessBuilder(command).directory(from.toFile());
        builder.redirectError(world.resolve("stderr").toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        return builder.start();
    }

    private Said ended(Process process) throws IOException, InterruptedException {
        String out = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return new Said(process.exitValue(), out, Files.readString(world.resolve("stderr")));
    }
}
