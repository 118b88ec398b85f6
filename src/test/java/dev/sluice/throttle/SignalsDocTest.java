package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.job.LimitText;
import dev.sluice.job.SignalKind;
import dev.sluice.time.Time;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** {@code docs/throttle.md} says of the signals what the code does. */
class SignalsDocTest {
    private static final Path DOC = Path.of("docs/throttle.md");
    private static final Pattern LIMIT = Pattern.compile("`([a-z]+): ([^`]+)`");

    @Test
    void theTableHasEverySignalWithItsLimitsAndHowOftenItIsRead() throws IOException {
        String doc = Files.readString(DOC);
        Map<String, List<String>> rows = new LinkedHashMap<>();
        Matcher row = Pattern.compile("(?m)^\\| \\[`([a-z-]+)`]\\(#\\1\\) \\|(.*)\\|$")
                .matcher(doc);
        while (row.find()) {
            rows.put(row.group(1), List.of(row.group(2).split("\\|")));
        }
        var signals = new PostgresSignals(Time.system(), "main", OptionalInt.empty(), () -> false);
        List<String> codes = new ArrayList<>();
        for (SignalKind kind : SignalKind.values()) {
            codes.add(kind.code());
            List<String> cells = rows.getOrDefault(kind.code(), List.of());
            assertThat(cells).as(kind.code()).hasSize(5);
            Map<String, String> limits = new LinkedHashMap<>();
            LIMIT.matcher(cells.get(1)).results().forEach(m -> limits.put(m.group(1), m.group(2)));
            Map<String, String> real = new LinkedHashMap<>();
            kind.limits().forEach((key, value) -> real.put(key, LimitText.format(kind.unit(key), value)));
            assertThat(limits).as(kind.code()).isEqualTo(real);
            assertThat(cells.get(3).strip())
                    .isEqualTo(signals.of(kind, 1).every().toSeconds() + " s");
            assertThat(doc).contains("\n### " + kind.code() + "\n");
        }
        assertThat(rows.keySet()).containsExactlyElementsOf(codes);
    }

    @Test
    void theDocSaysWhatAFewDeadRowsAre() throws IOException {
        assertThat(Files.readString(DOC))
                .contains(String.format(java.util.Locale.ROOT, "%,d dead rows", DeadTuples.FEW));
    }
}
