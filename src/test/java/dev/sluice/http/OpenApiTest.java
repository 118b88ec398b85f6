package dev.sluice.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.event.Event;
import dev.sluice.job.Mistake;
import dev.sluice.phase.GateAnswer;
import dev.sluice.plan.PlanReport;
import dev.sluice.run.FleetStop;
import dev.sluice.run.RunState;
import dev.sluice.run.RunStatus;
import dev.sluice.run.SettingsChange;
import dev.sluice.schedule.Starts;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The OpenAPI document says what the door does, no more and no less. */
class OpenApiTest {

    @Test
    void hasEveryRouteAndNoOther() {
        try (Doorbell door = Doorbell.open()) {
            JsonNode doc = door.get("/openapi.json").json();
            assertThat(doc.path("openapi").asText()).startsWith("3.1");
            List<String> described = new ArrayList<>();
            doc.path("paths")
                    .properties()
                    .forEach(path -> path.getValue()
                            .properties()
                            .forEach(operation ->
                                    described.add(operation.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey())));
            assertThat(described)
                    .containsExactlyInAnyOrderElementsOf(door.server().routeNames());
        }
    }

    @Test
    void schemasHaveTheFieldsOfTheAnswers() {
        Map<String, Class<? extends Record>> records = Map.ofEntries(
                Map.entry("RunStatus", RunStatus.class),
                Map.entry("Progress", RunStatus.Progress.class),
                Map.entry("Limit", RunStatus.Limit.class),
                Map.entry("Failure", RunStatus.Failure.class),
                Map.entry("RunSettings", RunStatus.Settings.class),
                Map.entry("SettingsChange", SettingsChange.class),
                Map.entry("FleetStop", FleetStop.Status.class),
                Map.entry("Started", Starts.Started.class),
                Map.entry("GateAnswer", GateAnswer.class),
                Map.entry("Reason", GateAnswer.Reason.class),
                Map.entry("Statement", PlanReport.Statement.class),
                Map.entry("SampleRow", PlanReport.SampleRow.class),
                Map.entry("Mistake", Mistake.class),
                Map.entry("Event", Event.class));
        try (Doorbell door = Doorbell.open()) {
            JsonNode schemas =
                    door.get("/openapi.json").json().path("components").path("schemas");
            records.forEach((name, type) -> assertThat(properties(schemas, name))
                    .as(name)
                    .isEqualTo(new TreeSet<>(Arrays.stream(type.getRecordComponents())
                            .map(RecordComponent::getName)
                            .toList())));
            assertThat(properties(schemas, "PlanReport"))
                    .isEqualTo(names(
                            door.post("/api/v1/jobs/users-full-name/plan", "").json()));
            // the door adds where in the job file each finding is to be fixed
            assertThat(properties(schemas, "Finding"))
                    .isEqualTo(names(door.post("/api/v1/jobs/users-full-name/plan", "")
                            .json()
                            .path("findings")
                            .path(0)));
            assertThat(properties(schemas, "Job"))
                    .isEqualTo(names(door.get("/api/v1/jobs/users-full-name").json()));
            assertThat(properties(schemas, "Problem"))
                    .isEqualTo(names(door.get("/nothing").json()));
            List<String> states = new ArrayList<>();
            schemas.path("RunStatus")
                    .path("properties")
                    .path("state")
                    .path("enum")
                    .forEach(s -> states.add(s.asText()));
            assertThat(states)
                    .isEqualTo(
                            Arrays.stream(RunState.values()).map(RunState::code).toList());
        }
    }

    @Test
    void everyReferenceLeadsSomewhere() {
        try (Doorbell door = Doorbell.open()) {
            JsonNode doc = door.get("/openapi.json").json();
            assertThat(doc.findValuesAsText("$ref"))
                    .isNotEmpty()
                    .allSatisfy(ref -> assertThat(doc.at(ref.substring(1)).isMissingNode())
                            .as(ref)
                            .isFalse());
        }
    }

    private static Set<String> properties(JsonNode schemas, String name) {
        return names(schemas.path(name).path("properties"));
    }

    private static Set<String> names(JsonNode object) {
        var names = new TreeSet<String>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
