package dev.sluice.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** Whatever a reason may be called is no name for a signal. */
class TakenNamesTest {
    /** The keys of {@code throttle} in the schema. */
    static Stream<String> keys() throws IOException {
        try (InputStream in = JobSchema.class.getResourceAsStream("job.schema.json")) {
            JsonNode throttle =
                    new ObjectMapper().readTree(in).at("/properties/migrate/properties/throttle/properties");
            return List.copyOf(throttle.properties()).stream().map(Map.Entry::getKey);
        }
    }

    /** The first column of the last table of the throttle's documentation. */
    static Stream<String> reasons() throws IOException {
        String doc = Files.readString(Path.of("docs/throttle.md"));
        Matcher row = Pattern.compile("(?m)^\\| (`[^|]*`) \\|")
                .matcher(doc.substring(doc.indexOf("## Why it goes no faster")));
        return row
                .results()
                .flatMap(r -> Stream.of(r.group(1).split(", ")))
                .map(name -> name.replace("`", ""))
                .toList()
                .stream();
    }

    @ParameterizedTest
    @MethodSource({"keys", "reasons"})
    void isTaken(String name) {
        assertThat(TakenNames.by(name)).isPresent();
    }

    @Test
    void thereAreSome() throws IOException {
        assertThat(keys()).contains("replica-lag", "cores", "sql", "windows");
        assertThat(reasons()).contains("pace", "cores", "database-full", "paused");
    }

    @ParameterizedTest
    @ValueSource(strings = {"queue", "p99", "on-unknown"})
    void othersAreFree(String name) {
        assertThat(TakenNames.by(name)).isEmpty();
    }
}
