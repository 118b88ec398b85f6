package dev.sluice.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The dashboards in {@code grafana/} ask only for what is exported. */
class DashboardTest {
    private static final Pattern METER = Pattern.compile("\\bsluice_[a-z0-9_]+");
    private static final Pattern LABEL = Pattern.compile("[{,]\\s*([a-z_]+)\\s*=~?\"");
    private static final Pattern BY = Pattern.compile("\\bby \\(([^)]*)\\)");
    private static final Pattern LEGEND = Pattern.compile("\\{\\{(\\w+)}}");

    private final JsonNode dashboard =
            new ObjectMapper().readTree(Files.readString(Path.of("grafana/sluice-progress.json")));

    DashboardTest() throws IOException {}

    private List<JsonNode> targets() {
        List<JsonNode> targets = new ArrayList<>();
        dashboard.get("panels").forEach(p -> p.get("targets").forEach(targets::add));
        return targets;
    }

    private static Set<String> meters(String expr) {
        return METER.matcher(expr)
                .results()
                .map(m -> m.group().replaceAll("(seconds)_(bucket|count|sum)$", "$1"))
                .collect(Collectors.toSet());
    }

    @Test
    void everyMeterItUsesIsDocumentedWithTheLabelsItUses() throws IOException {
        var documented = DocumentedMetersTest.documented();
        assertThat(targets()).hasSizeGreaterThan(12);
        for (JsonNode target : targets()) {
            String expr = target.get("expr").asText();
            assertThat(meters(expr)).as(expr).isNotEmpty();
            for (String meter : meters(expr)) {
                assertThat(documented).as(expr).containsKey(meter);
                Set<String> used = new HashSet<>();
                LABEL.matcher(expr).results().forEach(m -> used.add(m.group(1)));
                BY.matcher(expr)
                        .results()
                        .forEach(m -> used.addAll(List.of(m.group(1).split(", "))));
                var described = Objects.requireNonNull(documented.get(meter));
                assertThat(described.labels()).as(expr).containsAll(used);
            }
        }
        dashboard.at("/templating/list").forEach(v -> {
            String query = v.path("definition").asText("");
            assertThat(documented.keySet()).as(query).containsAll(meters(query));
        });
    }

    @Test
    void aLegendNamesOnlyLabelsThatAreLeft() {
        for (JsonNode target : targets()) {
            String expr = target.get("expr").asText();
            Set<String> left = new HashSet<>();
            BY.matcher(expr)
                    .results()
                    .forEach(m -> left.addAll(List.of(m.group(1).split(", "))));
            LEGEND.matcher(target.get("legendFormat").asText())
                    .results()
                    .forEach(m -> assertThat(left).as(expr).contains(m.group(1)));
        }
    }

    @Test
    void itShowsEveryMeterOfARun() throws IOException {
        Set<String> shown = new TreeSet<>();
        targets().forEach(t -> shown.addAll(meters(t.get("expr").asText())));
        assertThat(DocumentedMetersTest.documented().keySet().stream()
                        .filter(m ->
                                m.startsWith("sluice_") && !m.startsWith("sluice_scheduler_") && !m.endsWith("_max")))
                .isSubsetOf(shown);
    }

    @Test
    void itCanBeImportedAnywhere() {
        assertThat(dashboard.get("schemaVersion").asInt()).isGreaterThanOrEqualTo(41);
        assertThat(dashboard.get("id").isNull()).isTrue();
        assertThat(dashboard.findValuesAsText("uid"))
                .as("no data source but the chosen one")
                .containsOnly("sluice-progress", "${datasource}");
        assertThat(dashboard.at("/templating/list").findValuesAsText("name"))
                .containsExactly("datasource", "job", "database");
        List<String> places = new ArrayList<>();
        dashboard
                .get("panels")
                .forEach(p -> places.add(
                        p.get("gridPos").get("x") + "/" + p.get("gridPos").get("y")));
        assertThat(places).doesNotHaveDuplicates();
    }
}
