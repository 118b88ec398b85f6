package dev.sluice.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What people are shown is right: the examples, and the reference beside the schema. */
class ExampleJobsTest {
    private static final Path SCHEMA = Path.of("src/main/resources/dev/sluice/job/job.schema.json");
    private static final Path REFERENCE = Path.of("docs/jobs.md");
    private static final JobReader READER = new JobReader(cron -> Optional.empty());

    @TestFactory
    Stream<DynamicTest> everyExampleIsReadWithoutMistakes() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("jobs"))) {
            return files.sorted().toList().stream()
                    .map(file -> DynamicTest.dynamicTest(file.toString(), () -> {
                        JobFile read = READER.read(file.toString(), file);
                        assertThat(read.mistakes()).isEmpty();
                        assertThat(file.getFileName())
                                .hasToString(read.job().orElseThrow().name() + ".yaml");
                        String firstLine = Files.readAllLines(file).get(0);
                        String link = firstLine.substring(firstLine.indexOf('=') + 1);
                        assertThat(file.resolveSibling(link).normalize()).isEqualTo(SCHEMA);
                    }));
        }
    }

    @Test
    void thereIsAnExampleOfEachShapeThatSampleTablesAreMadeFor() {
        JobFolder folder = new JobFolder(Path.of("jobs"), READER);
        folder.refresh();
        assertThat(folder.files())
                .extracting(
                        f -> f.job().orElseThrow().migrate().shape().getClass().getSimpleName())
                .contains("Set", "Insert", "Delete");
    }

    @TestFactory
    Stream<DynamicTest> everyJobInTheReferenceIsReadWithoutMistakes() throws IOException {
        List<String> blocks = Pattern.compile("(?s)```yaml\n(job: .*?)```")
                .matcher(Files.readString(REFERENCE))
                .results()
                .map(r -> r.group(1))
                .toList();
        assertThat(blocks).hasSizeGreaterThanOrEqualTo(4);
        return blocks.stream()
                .map(b -> DynamicTest.dynamicTest(
                        b.lines().findFirst().orElse(""),
                        () -> assertThat(READER.read("docs", b).mistakes()).isEmpty()));
    }

    @Test
    void theReferenceNamesEveryKeyOfTheSchemaWithItsDefault() throws IOException {
        String reference = Files.readString(REFERENCE);
        JsonNode schema = JsonMapper.shared().readTree(SCHEMA.toFile());
        everyKeyIsNamed(schema, "", reference);
    }

    private static void everyKeyIsNamed(JsonNode node, String path, String reference) {
        for (var property : node.path("properties").properties()) {
            String key = path.isEmpty() ? property.getKey() : path + "." + property.getKey();
            JsonNode rule = property.getValue();
            if (rule.path("not").isObject() && rule.path("not").isEmpty()) {
                assertThat(reference).contains("`" + key + "`");
                continue;
            }
            assertThat(reference).containsPattern("(?m)^### `" + Pattern.quote(key) + "`$");
            if (rule.has("default")) {
                String section = reference.substring(reference.indexOf("### `" + key + "`\n"));
                int next = section.indexOf("\n### ", 1);
                // a sentence may be broken between any two words
                assertThat((next < 0 ? section : section.substring(0, next)).replaceAll("\\s+", " "))
                        .as(key)
                        .containsIgnoringCase("default `" + rule.path("default").asString() + "`");
            }
            everyKeyIsNamed(rule, key, reference);
        }
    }

    @Test
    void theReferenceNamesEveryCode() throws IOException {
        String reference = Files.readString(REFERENCE);
        try (Stream<Path> sources = Files.list(Path.of("src/main/java/dev/sluice/job"))) {
            // what is taken by others is no code of a mistake
            String code = String.join(
                    "\n",
                    sources.filter(f -> !f.endsWith("TakenNames.java"))
                            .map(ExampleJobsTest::text)
                            .toList());
            List<String> codes = Pattern.compile("\"((?:[a-z]+-[a-z0-9]+)(?:-[a-z]+)*|empty)\"")
                    .matcher(code)
                    .results()
                    .map((MatchResult r) -> r.group(1))
                    .filter(c -> !c.equals("rows-per-second")
                            && !c.equals("unreadable-definition")
                            && !c.equals("unknown-job")
                            && !c.equals("job-has-mistakes")
                            && !c.equals("bad-json")
                            && !c.equals("utf-8"))
                    .distinct()
                    .toList();
            assertThat(codes).contains("bad-cron", "one-shape", "empty");
            assertThat(reference)
                    .contains(codes.stream().map(c -> "`" + c + "`").toList());
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
