package dev.sluice.job;

import static dev.sluice.job.WrongFile.set;
import static dev.sluice.job.WrongFile.wrong;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code migrate.settings}: what may be in it, and what it changes. */
class SettingsTest {
    private static Job read(String more) {
        JobFile file = WrongFile.READER.read("a.yaml", set(more));
        assertThat(file.mistakes()).isEmpty();
        return file.job().orElseThrow();
    }

    @Test
    void areReadAsTextAndKeptInTheDefinition() {
        Job job = read("  settings: { TimeZone: America/Sao_Paulo, app.backfill: \"on\", work_mem: 64, app.x: true,"
                + " DateStyle: \"ISO, DMY\", search_path: \"audit, public\" }\n");
        assertThat(job.migrate().settings())
                .containsExactlyEntriesOf(
                        new java.util.LinkedHashMap<>(job.migrate().settings()))
                .containsAllEntriesOf(Map.of(
                        "TimeZone", "America/Sao_Paulo", "app.backfill", "on", "work_mem", "64", "app.x", "true"));
        Job again = JobReader.fromDefinition(job.definition());
        assertThat(again).isEqualTo(job);
    }

    @Test
    void decideTheFingerprintWhateverTheirOrder() {
        String none = read("").fingerprint();
        String one = read("  settings: { TimeZone: UTC, app.x: a }\n").fingerprint();
        assertThat(read("  settings: { app.x: a, timezone: UTC }\n").fingerprint())
                .isEqualTo(one)
                .isNotEqualTo(none);
        assertThat(read("  settings: { TimeZone: UTC, app.x: b }\n").fingerprint())
                .isNotEqualTo(one);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "lock_timeout: 0",
                "Statement_Timeout: 1h",
                "row_security: \"on\"",
                "enable_seqscan: \"on\"",
                "jit_above_cost: 1",
                "synchronous_commit: \"on\"",
                "role: admin",
                "session_replication_role: replica",
                "transaction_isolation: serializable",
                "default_transaction_isolation: serializable",
                "DateStyle: \"German, DMY\"",
                "IntervalStyle: iso_8601",
                "sluice.x: 1"
            })
    void whatTheEngineNeedsIsRefusedByName(String setting) {
        String name = setting.substring(0, setting.indexOf(':'));
        wrong(
                        name,
                        set("  settings:\n    " + setting + "\n"),
                        7,
                        "migrate.settings." + name,
                        "engine-setting",
                        "\"" + name + "\" is not a job's to set: ")
                .isTold();
    }

    static Stream<WrongFile> wrongFiles() {
        return Stream.of(
                wrong("none", set("  settings: {}\n"), 6, "migrate.settings", "empty", "TimeZone"),
                wrong("a list", set("  settings: [a]\n"), 6, "migrate.settings", "wrong-type", "TimeZone"),
                wrong(
                        "twice",
                        set("  settings:\n    TimeZone: UTC\n    timezone: UTC\n"),
                        8,
                        "migrate.settings.timezone",
                        "duplicate-setting",
                        "\"TimeZone\""));
    }

    @ParameterizedTest
    @MethodSource("wrongFiles")
    void isToldWithItsPlaceAndItsFix(WrongFile file) {
        file.isTold();
    }
}
