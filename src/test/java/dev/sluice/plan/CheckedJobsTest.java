package dev.sluice.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.config.SettingsReader;
import dev.sluice.job.JobFile;
import dev.sluice.job.JobReader;
import dev.sluice.job.Jobs;
import dev.sluice.job.Mistake;
import dev.sluice.job.ThrottleSettings;
import dev.sluice.testing.SteppedTime;
import dev.sluice.testing.TestEngine;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CheckedJobsTest {
    private static final String YAML = """
            job: fill
            migrate:
              table: app.peple
              set: { whole: a }
              where: whole IS NULL
            """;

    private TestEngine engine;

    @BeforeEach
    void start() {
        engine = TestEngine.create();
        engine.db().run("CREATE SCHEMA app", "CREATE TABLE app.people (id int PRIMARY KEY, a text, whole text)");
    }

    @AfterEach
    void stop() {
        engine.close();
    }

    @Test
    void aMistakeOfTheDatabaseHasTheLineOfTheFileAndGoesWhenItIsFixed() {
        CheckedJobs checked = checked(read(YAML));
        checked.refresh();
        assertThat(checked.files().getFirst().job()).isPresent();
        assertThat(checked.files().getFirst().mistakes()).singleElement().satisfies(m -> {
            assertThat(m.file()).isEqualTo("fill.yaml");
            assertThat(m.line()).isEqualTo(3);
            assertThat(m.key()).isEqualTo("migrate.table");
            assertThat(m.fix()).contains("people");
        });
        engine.db().run("ALTER TABLE app.people RENAME TO peple");
        checked.refresh();
        assertThat(checked.files().getFirst().mistakes()).isEmpty();
    }

    @Test
    void anUnknownDatabaseIsAMistakeAndAFileWithMistakesStaysAsItIs() {
        JobFile other = read("job: x\ndatabase: elsewhere\nmigrate: { table: t, delete: true, where: \"true\" }");
        JobFile broken = new JobFile(
                "b.yaml",
                Optional.empty(),
                List.of(new Mistake("b.yaml", 1, "job", "missing", "no job.", "write one.")),
                java.util.Map.of());
        Jobs folder = () -> List.of(other, broken);
        CheckedJobs checked = new CheckedJobs(
                folder,
                new DryRun(
                        engine.databases(),
                        SettingsReader.defaults().throttle().cores().orElse(ThrottleSettings.DEFAULT_CORES),
                        new SteppedTime()));
        checked.refresh();
        assertThat(checked.files().get(0).mistakes()).extracting(Mistake::code).containsExactly("unknown-database");
        assertThat(checked.files().get(1)).isEqualTo(broken);
    }

    private CheckedJobs checked(JobFile file) {
        return new CheckedJobs(
                () -> List.of(file),
                new DryRun(
                        engine.databases(),
                        SettingsReader.defaults().throttle().cores().orElse(ThrottleSettings.DEFAULT_CORES),
                        new SteppedTime()));
    }

    private static JobFile read(String yaml) {
        JobFile file = new JobReader(cron -> Optional.empty()).read("fill.yaml", yaml);
        assertThat(file.mistakes()).isEmpty();
        return file;
    }
}
