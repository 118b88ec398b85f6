package dev.sluice.job;

import static dev.sluice.job.WrongFile.set;
import static dev.sluice.job.WrongFile.wrong;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What later versions bring is refused, never ignored. */
class NotYetSupportedTest {

    static Stream<WrongFile> wrongFiles() {
        return later().stream();
    }

    @ParameterizedTest
    @MethodSource("wrongFiles")
    void isToldWithItsPlaceAndItsFix(WrongFile file) {
        file.isTold();
    }

    private static List<WrongFile> later() {
        return Stream.concat(
                        Stream.of(
                                "migrate.sync=trigger",
                                "migrate.locked=skip",
                                "migrate.quarantine={ max-rows: 5 }",
                                "switch.statements=[]"),
                        Stream.of("expand=[]", "contract={}"))
                .map(NotYetSupportedTest::notYet)
                .toList();
    }

    /** The key alone in flow style at line 6. */
    private static WrongFile notYet(String keyAndValue) {
        String key = keyAndValue.substring(0, keyAndValue.indexOf('='));
        String value = keyAndValue.substring(keyAndValue.indexOf('=') + 1);
        String[] parts = key.split("\\.");
        String line = switch (parts.length) {
            case 1 -> key + ": " + value;
            default ->
                parts[0].equals("migrate")
                        ? "  " + parts[1] + ": " + value
                        : parts[0] + ": { " + parts[1] + ": " + value + " }";
        };
        return wrong(keyAndValue, set(line + "\n"), 6, key, "not-supported-yet", "not supported yet");
    }
}
