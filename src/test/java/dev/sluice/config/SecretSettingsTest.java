package dev.sluice.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** No secret is lost without a word, and none is told. */
class SecretSettingsTest {
    private static final String URL = "SLUICE_DATABASES_MAIN_URL";
    private static final Map<String, String> LEAST =
            Map.of(URL, "jdbc:postgresql://localhost/app", "SLUICE_DATABASES_MAIN_USER", "sluice", "HOSTNAME", "box");

    @TempDir
    private Path folder;

    private Settings file(String text) throws IOException {
        return SettingsReader.read(Optional.of(Files.writeString(folder.resolve("sluice.yaml"), text)), LEAST);
    }

    private static Settings url(String url) {
        var environment = new HashMap<>(LEAST);
        environment.put(URL, url);
        return SettingsReader.read(Optional.empty(), environment);
    }

    private static String refusal(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        Problem problem = catchThrowableOfType(Problem.class, call);
        assertThat(problem).isNotNull();
        assertThat(problem.code()).isEqualTo("bad-settings");
        return String.valueOf(problem.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "*hunter2", "&hunter2", "!hunter2", "{hunter2}", "[hunter2]", "!hunter2 x", "&hunter2 x", "#hunter2",
                "x #hunter2", "@hunter2", "`hunter2", "|hunter2", ">hunter2", "'x'hunter2", "hunter2: x", "- hunter2",
                "%hunter2: 'x", "\"hunter2", "!<hunter2> x", "{a: hunter2}", "? hunter2", "\"\\hunter2\""
            })
    void aPasswordThatYamlWouldLoseIsRefusedAndNotTold(String value) {
        String told = refusal(() -> file("databases:\n  main:\n    password: " + value + "\n"));
        assertThat(told)
                .as("the line, or that which the parser had reached")
                .matches("(?s).*sluice\\.yaml:[34]: .*")
                .contains("Fix: ")
                .doesNotContain("hunter2", "'h'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "~", "0123", "1e5", "true", "hunter2#x", "a*b&c!d{e}f"})
    void anyOtherIsTakenAsItIsWritten(String value) throws IOException {
        assertThat(file("databases:\n  main:\n    password: " + value + "\n")
                        .controlDatabase()
                        .password())
                .contains(value);
    }

    @Test
    void aValueThatSlipsIntoItsKeyIsNotTold() {
        assertThat(refusal(() -> file("databases: {main: {password:hunter2}}\n")))
                .contains("unknown key")
                .doesNotContain("hunter2");
    }

    @Test
    void aKeyCannotForgeALine() {
        assertThat(refusal(() -> file("\"jobs\\n2026-01-01 INFO\\u001b[2J all is well\": x\n")))
                .contains("jobs\\n2026-01-01 INFO\\u001b[2J all is well: unknown key.")
                .doesNotContain("\u001b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "jdbc:postgresql://h/db?sslpassword=hunter2",
                "jdbc:postgresql://h/db?ssl=true&sslpassword=hunter2&sslmode=require",
                "jdbc:postgresql://h/db?options=-c%20app.secret=hunter2",
                "jdbc:postgresql://h/db?socketFactory=a.B&socketFactoryArg=hunter2&cloudToken=hunter2",
            })
    void whatIsSecretInAUrlIsNotLogged(String url) {
        Settings settings = url(url);
        assertThat(settings.controlDatabase().url()).isEqualTo(url);
        assertThat(settings.redacted())
                .contains("databases.main.url=jdbc:postgresql://h/db?")
                .doesNotContain("hunter2");
        assertThat(settings.toString()).doesNotContain("hunter2");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            jdbc:postgresql://h/db?sslmode=banana        | has sslmode=banana, which is not one of disable, allow | Fix:
            jdbc:postgresql://h/db?SSLMODE=require       | parameter SSLMODE, which the driver does not know | write sslmode
            jdbc:postgresql://h/db?sslmod=require        | parameter sslmod, | write sslmode
            jdbc:postgresql://h/db?prepareThreshold=x    | has prepareThreshold=x, which is not a whole number | Fix:
            jdbc:postgresql://h/db?ssl=maybe             | has ssl=maybe, which is not true or false | Fix:
            jdbc:postgresql://h/db?targetServerType=main | has targetServerType=main, which is not one of any | Fix:
            jdbc:postgresql://h:abc/db                   | cannot be read | the port from 1 to 65535
            jdbc:postgresql://h:0/db                     | cannot be read | Fix:
            jdbc:postgresql://h:70000/db                 | cannot be read | Fix:
            jdbc:postgresql://h                          | cannot be read | Fix:
            jdbc:postgresql://h/db?sslpassword=%zz       | cannot be read | Fix:
            jdbc:postgresql://u:hunter2@h/db             | holds credentials | Fix:
            jdbc:postgresql://h/db?p%61ssword=hunter2    | parameter p%61ssword, which the driver does not know | Fix:
            jdbc:mysql://h/db?password=hunter2           | is not the JDBC URL of a PostgreSQL | Fix:
            """)
    void aUrlThatTheDriverCannotUseIsRefusedAtOnce(String url, String reason, String fix) {
        assertThat(refusal(() -> url(url)))
                .contains("SLUICE_DATABASES_MAIN_URL: databases.main.url: ", reason, fix)
                .doesNotContain("hunter2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "jdbc:postgresql:app",
                "jdbc:postgresql:///app",
                "jdbc:postgresql://h1,h2:5433/app?targetServerType=primary&loadBalanceHosts=true",
                "jdbc:postgresql://[::1]:5432/app?sslmode=verify-full&sslrootcert=/etc/ca.pem&connectTimeout=3&ssl",
                "jdbc:postgresql://h/app?requireAuth=scram-sha-256,md5&loginTimeout=1.5&currentSchema=x",
            })
    void aUrlThatTheDriverCanUseIsTaken(String url) {
        assertThat(url(url).controlDatabase().url()).isEqualTo(url);
        assertThat(url(url).redacted()).contains("databases.main.url=" + url + "\n");
    }

    @Test
    @Timeout(60)
    void aFileThatNeverEndsOrComesIsRefused() throws Exception {
        Path pipe = folder.resolve("pipe.yaml");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        for (Path bad : new Path[] {pipe, Path.of("/dev/zero"), folder}) {
            assertThat(refusal(() -> SettingsReader.read(Optional.of(bad), LEAST)))
                    .contains("a folder, a pipe or a device");
        }
        assertThat(refusal(() -> file("#".repeat(2_000_000)))).contains("more than 1048576 bytes");
    }
}
