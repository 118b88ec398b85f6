package dev.sluice.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.sluice.problem.Problem;
import dev.sluice.sql.TableName;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What right files mean, and that a definition reads back as the same job. */
class JobReaderTest {
    private static final JobReader READER = new JobReader(cron -> Optional.empty());

    private static final String EVERYTHING = """
        job: users-full-name
        description: One column for a person's whole name
        owner: accounts-team
        database: crm
        migrate:
          table: app.users
          set: { full_name: "first_name || ' ' || last_name", '"Flag?"': true, N: 0 }
          where: full_name IS NULL
          key: [Tenant, '"Id"']
          partitions: 4
          batch: { target: 1s, size: 500 }
          stripes: off
          locked: wait
          throttle: { rows-per-second: 20000 }
          schedule: { cron: "0 0 1 * * ?", zone: Europe/Berlin, misfire: skip }
          again: true
        switch:
          verify: full_name IS NOT NULL
        """;

    private static final String LEAST = "job: a\nmigrate: { table: T, delete: true, where: true }\n";

    private static Job job(String yaml) {
        JobFile file = READER.read("a.yaml", yaml);
        assertThat(file.mistakes()).isEmpty();
        return file.job().orElseThrow();
    }

    @Test
    void everyKeyIsTakenUp() {
        Job job = job(EVERYTHING);

        assertThat(job.name()).isEqualTo("users-full-name");
        assertThat(job.description()).contains("One column for a person's whole name");
        assertThat(job.owner()).contains("accounts-team");
        assertThat(job.database()).isEqualTo("crm");
        assertThat(job.verify()).contains("full_name IS NOT NULL");
        Job.Migrate migrate = job.migrate();
        assertThat(migrate.table()).isEqualTo(new TableName("app", "users"));
        assertThat(((Shape.Set) migrate.shape()).columns())
                .containsExactly(
                        entry("full_name", "first_name || ' ' || last_name"), entry("Flag?", "true"), entry("n", "0"));
        assertThat(migrate.where()).contains("full_name IS NULL");
        assertThat(migrate.key()).containsExactly("tenant", "Id");
        assertThat(migrate.partitions()).isEqualTo(4);
        assertThat(migrate.batch()).isEqualTo(new BatchSettings(Duration.ofSeconds(1), 500, new Stripes.Off()));
        assertThat(migrate.throttle().rowsPerSecond()).contains(20000);
        assertThat(migrate.schedule())
                .contains(new Schedule("0 0 1 * * ?", ZoneId.of("Europe/Berlin"), Schedule.Misfire.SKIP));
        assertThat(migrate.again()).isTrue();
    }

    @Test
    void whatIsNotThereHasItsDefault() {
        Job job = job(LEAST);

        assertThat(job.database()).isEqualTo("main");
        assertThat(job.verify()).isEmpty();
        assertThat(job.description()).isEmpty();
        assertThat(job.migrate())
                .isEqualTo(new Job.Migrate(
                        new TableName("public", "t"),
                        new Shape.Delete(),
                        Optional.of("true"),
                        List.of(),
                        1,
                        BatchSettings.DEFAULT,
                        ThrottleSettings.DEFAULT,
                        Optional.empty(),
                        false,
                        false));
        assertThat(job(LEAST + "  \n").fingerprint()).isEqualTo(job.fingerprint());
        assertThat(job.migrate().batch().stripes()).isEqualTo(new Stripes.Auto());
        for (String stripes : List.of("auto", "off", "2", "64")) {
            Job said = job("job: a\nmigrate: { table: t, set: { b: 1 }, stripes: " + stripes + " }");
            assertThat(said.migrate().batch().stripes().text()).isEqualTo(stripes);
            assertThat(JobReader.fromDefinition(said.definition())).isEqualTo(said);
        }
        Job scheduled = job("job: a\nmigrate: { table: t, set: { b: 1 }, where: b IS NULL, schedule: { cron: x } }");
        assertThat(scheduled.migrate().schedule()).contains(new Schedule("x", ZoneOffset.UTC, Schedule.Misfire.ONCE));
    }

    @Test
    void insertIsRead() {
        Job job = job("""
            job: a
            migrate:
              table: '"App"."Users"'
              insert:
                into: app."New \""Users\"""
                columns: { ID: id, '"Name"': "coalesce(name, '?')" }
                conflict: { columns: [Id], do: update }
                orphans: allow
            """);

        assertThat(job.migrate().table()).isEqualTo(new TableName("App", "Users"));
        assertThat(job.migrate().shape()).isInstanceOfSatisfying(Shape.Insert.class, insert -> {
            assertThat(insert.target()).isEqualTo(new TableName("app", "New \"Users\""));
            assertThat(insert.columns()).containsExactly(entry("id", "id"), entry("Name", "coalesce(name, '?')"));
            assertThat(insert.conflict()).isEqualTo(new Shape.Conflict(List.of("id"), Shape.Conflict.Action.UPDATE));
            assertThat(insert.checkOrphans()).isFalse();
        });
        assertThat(JobReader.fromDefinition(job.definition())).isEqualTo(job);
    }

    @Test
    void sqlIsReadWithItsAlias() {
        Job job = job("""
            job: a
            migrate:
              table: app.users
              sql: |
                WITH c AS (SELECT 1 AS one)
                UPDATE app.users AS U SET n = one FROM c
                WHERE {batch:U} AND note <> '{batch:x}'
            """);

        assertThat(job.migrate().shape()).isInstanceOfSatisfying(Shape.Sql.class, sql -> {
            assertThat(sql.alias()).isEqualTo("u");
            assertThat(sql.statement()).startsWith("WITH c AS").endsWith("'{batch:x}'");
        });
        assertThat(JobReader.fromDefinition(job.definition())).isEqualTo(job);
    }

    @Test
    void everyKeyHasItsLine() {
        assertThat(READER.read("a.yaml", EVERYTHING).lines())
                .containsEntry("job", 1)
                .containsEntry("migrate.table", 6)
                .containsEntry("migrate.set.full_name", 7)
                .containsEntry("migrate.key[1]", 9)
                .containsEntry("migrate.schedule.zone", 15)
                .containsEntry("switch.verify", 18);
    }

    @Test
    void aDefinitionReadsBackAsTheSameJob() {
        for (String yaml : List.of(EVERYTHING, LEAST)) {
            Job job = job(yaml);
            Job again = JobReader.fromDefinition(job.definition());
            assertThat(again).isEqualTo(job);
            assertThat(again.migrate().shape())
                    .hasToString(job.migrate().shape().toString());
            assertThat(job(job.definition()))
                    .as("a definition is a job file, too")
                    .isEqualTo(job);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "{}",
                "{\"job\":\"a\"}",
                "{\"job\":\"a\",\"migrate\":{\"table\":\"t\"}}",
                "{\"job\":\"a\",\"migrate\":{\"table\":\"t\",\"set\":{\"a\":\"(\"}}}",
                "{\"job\":\"a\",\"migrate\":{\"table\":\"t\",\"set\":{\"a\":\"1\"},\"schedule\":{\"cron\":\"x\",\"misfire\":\"y\"}}}"
            })
    void aDefinitionThatIsNoneIsRefused(String json) {
        assertThatThrownBy(() -> JobReader.fromDefinition(json))
                .isInstanceOfSatisfying(Problem.class, p -> assertThat(p.code()).isEqualTo("unreadable-definition"))
                .hasMessageContaining("start a new one");
    }

    @Test
    void theFingerprintIsSixtyFourHexDigitsAndStaysFromVersionToVersion() {
        assertThat(job(LEAST).fingerprint())
                .isEqualTo("01b15a724d4e85142fbad6ad4968dd6ffc7809d5d37f56129142da25b801b4cd");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "job: users-full-name -> job: renamed",
                "owner: accounts-team -> owner: others",
                "description: One -> description: Only one",
                "database: crm -> database: crm # the old one",
                "where: full_name IS NULL -> where: >-\n    full_name\n      IS /* still */ NULL",
                "where: full_name IS NULL -> where: |-\n    full_name -- of today\n    IS NULL\n",
                "table: app.users -> table: APP.\"users\"",
                "set: { full_name: \"first_name || ' ' || last_name\", '\"Flag?\"': true, N: 0 } -> set: { n: '0',"
                        + " full_name: \"first_name  ||  ' ' || last_name\", '\"Flag?\"': 'true' }",
                "target: 1s, size: 500 -> target: 2s, size: 600",
                "rows-per-second: 20000 -> rows-per-second: 1",
                "again: true -> again: false",
                "misfire: skip -> misfire: once",
                "stripes: off -> ",
                "stripes: off -> stripes: 8",
            })
    void theFingerprintStaysWhereRowsAreTheSame(String change) {
        assertThat(job(changed(change)).fingerprint()).isEqualTo(job(EVERYTHING).fingerprint());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "database: crm -> database: main",
                "table: app.users -> table: app.\"Users\"",
                "' ' || -> '  ' ||",
                "full_name: \"first_name -> full_name: \"last_name",
                "N: 0 -> N: 1",
                "N: 0 -> M: 0",
                "where: full_name IS NULL -> where: full_name = ''",
                "where: full_name IS NULL -> ",
                "key: [Tenant, '\"Id\"'] -> key: ['\"Id\"', Tenant]",
                "key: [Tenant, '\"Id\"'] -> ",
                "verify: full_name IS NOT NULL -> verify: full_name <> ''",
            })
    void theFingerprintChangesWithWhatIsDone(String change) {
        String yaml =
                changed(change).replace("schedule: { cron: \"0 0 1 * * ?\", zone: Europe/Berlin, misfire: skip }", "");
        assertThat(job(yaml).fingerprint()).isNotEqualTo(job(EVERYTHING).fingerprint());
    }

    @Test
    void theFingerprintKnowsHowAnInsertIsDone() {
        String insert = "job: a\nmigrate:\n  table: s\n  insert: { into: t, columns: { a: x, b: y }, "
                + "conflict: { columns: [a, b], do: nothing } }\n";
        assertThat(job(insert.replace("[a, b]", "[b, a]")).fingerprint())
                .isEqualTo(job(insert).fingerprint());
        for (String other : List.of("into: u", "do: error", "columns: [a]", "a: z")) {
            String key = other.substring(0, other.indexOf(':'));
            String changed = insert.replaceFirst(key + ": (\\[[^]]*]|\\w+)", other);
            assertThat(changed).isNotEqualTo(insert);
            assertThat(job(changed).fingerprint())
                    .as(other)
                    .isNotEqualTo(job(insert).fingerprint());
        }
    }

    /** Everything, with the part left of the arrow replaced by that right of it. */
    private static String changed(String change) {
        int arrow = change.indexOf(" -> ");
        String from = change.substring(0, arrow);
        assertThat(EVERYTHING).contains(from);
        return EVERYTHING.replace(from, change.substring(arrow + " -> ".length()));
    }

    @Test
    void anchorsOfReasonableSizeAndAByteOrderMarkAreFine() {
        String yaml =
                "\uFEFFjob: a\nmigrate: { table: t, where: &w b IS NULL, set: { b: 1 } }\nswitch: { verify: *w }\n";
        JobFile file = READER.read("a.yaml", yaml.getBytes(StandardCharsets.UTF_8));
        assertThat(file.mistakes()).isEmpty();
        assertThat(file.job().orElseThrow().verify()).contains("b IS NULL");
    }
}
