package dev.sluice.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.time.DurationText;
import io.smallrye.config.ConfigMappingInterface.Property;
import io.smallrye.config.ConfigMappings;
import io.smallrye.config.ConfigMappings.ConfigClass;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** {@code docs/configuration.md} says what the code does. */
class SettingsDocTest {
    private static final Path DOC = Path.of("docs/configuration.md");

    @Test
    void everyKeyStandsInTheDocWithItsDefaultAndNoOther() throws IOException {
        var documented = new TreeMap<String, String>();
        Pattern.compile("(?m)^\\| `([^`]+)` \\| ([^|]+) \\| [^|]*\\| [^|]+ \\|$")
                .matcher(Files.readString(DOC))
                .results()
                .forEach(m -> documented.put(m.group(1).replace("<name>", "*"), m.group(2)));
        Map<String, Property> properties = ConfigMappings.getProperties(ConfigClass.configClass(SettingsMapping.class));
        var real = new TreeMap<String, String>();
        properties.forEach((key, p) -> real.put(key.substring("sluice.".length()), defaultOf(p)));
        assertThat(documented.keySet()).isEqualTo(real.keySet());
        real.forEach((key, value) -> {
            if (!value.isEmpty()) {
                assertThat(documented.get(key)).as("default of %s", key).isEqualTo("`" + value + "`");
            }
        });
    }

    private static String defaultOf(Property p) {
        if (p.isPrimitive()) {
            return p.asPrimitive().getDefaultValue();
        }
        return p.asLeaf().hasDefaultValue() ? p.asLeaf().getDefaultValue() : "";
    }

    @Test
    void theExampleFileIsGood() throws IOException {
        var block = Pattern.compile("(?s)```yaml\n(.*?)```").matcher(Files.readString(DOC));
        assertThat(block.find()).isTrue();
        Path file = Files.createTempFile("sluice", ".yaml");
        Files.writeString(file, block.group(1));
        assertThat(SettingsReader.read(Optional.of(file), Map.of()).databases()).containsKeys("main", "orders");
        Files.delete(file);
    }

    @Test
    void theVariablesThatAreNoSettingsAreNamed() throws IOException {
        String doc = Files.readString(DOC);
        assertThat(SettingsVariables.NOT_SETTINGS)
                .allSatisfy(v -> assertThat(doc).contains("| `" + v + "` |"));
    }

    @Test
    void sizesAreWrittenAsTheyAreRead() {
        var texts = Map.of(
                "0B", "0B", "512B", "512B", "1000B", "1kB", "64kB", "64kB", "1500MB", "1500MB", "20GB", "20GB",
                "20000GB", "20TB", "999TB", "999TB");
        texts.forEach((in, out) -> assertThat(SizeText.parse(in).stream().mapToObj(SizeText::format))
                .containsExactly(out));
        assertThat(SizeText.parse("20GB")).hasValue(20_000_000_000L);
        for (String bad : new String[] {"", "1", "-1B", "1.5GB", "1 GB", "1gb", "1KB", "1PB", "1000000000000000TB"}) {
            assertThat(SizeText.parse(bad)).as(bad).isEmpty();
        }
    }

    @Test
    void lengthsOfTimeAreWrittenAsTheyAreRead() {
        var texts = new HashMap<String, String>(Map.of(
                "250ms", "250ms", "1000ms", "1s", "90s", "90s", "60s", "1m", "120m", "2h", "24h", "1d", "0ms", "0s"));
        texts.forEach((in, out) ->
                assertThat(DurationText.parse(in).map(DurationText::format)).contains(out));
        for (String bad : new String[] {"", "1", "-1s", "1.5s", "1 s", "PT1S", "9999999999s"}) {
            assertThat(DurationText.parse(bad)).as(bad).isEmpty();
        }
    }
}
