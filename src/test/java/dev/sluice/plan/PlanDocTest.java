package dev.sluice.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/plan.md names every code that a finding can have. */
class PlanDocTest {
    @Test
    void everyCodeIsDescribed() throws IOException {
        String doc = Files.readString(Path.of("docs/plan.md"));
        Set<String> codes = new TreeSet<>();
        for (String room : List.of("plan", "table")) {
            try (var files = Files.list(Path.of("src/main/java/dev/sluice", room))) {
                for (Path file : files.toList()) {
                    Matcher code = Pattern.compile("\"([a-z]+(?:-[a-z]+)+)\"").matcher(Files.readString(file));
                    while (code.find()) {
                        codes.add(code.group(1));
                    }
                }
            }
        }
        assertThat(codes).hasSizeGreaterThan(40).allSatisfy(c -> assertThat(doc).contains("`" + c + "`"));
    }
}
