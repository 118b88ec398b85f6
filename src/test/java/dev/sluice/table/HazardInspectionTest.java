package dev.sluice.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.database.Database;
import dev.sluice.database.DatabaseSettings;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableHazards.Event;
import dev.sluice.table.TableHazards.ForeignKey;
import dev.sluice.table.TableHazards.Index;
import dev.sluice.table.TableHazards.Publication;
import dev.sluice.table.TableHazards.Trigger;
import dev.sluice.testing.TestPostgres;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class HazardInspectionTest {
    private static final TestPostgres.Fresh POSTGRES = TestPostgres.create();
    private static final TableName LOG = new TableName("app", "Log");
    private static final TableName LEAF = new TableName("app", "log one");
    private static final TableName PEOPLE = new TableName("app", "people");
    private static final String ROLE = "hazard_" + ProcessHandle.current().pid();
    private static Database owner;
    private static Database guest;

    @BeforeAll
    static void tables() {
        POSTGRES.run(
                "CREATE ROLE " + ROLE + " LOGIN PASSWORD 'guest'",
                "CREATE SCHEMA app",
                "CREATE TABLE app.people (id int PRIMARY KEY, name text, shout text GENERATED ALWAYS AS (upper(name)) STORED,"
                        + " touched timestamptz, boss int REFERENCES app.people ON DELETE SET NULL)",
                "CREATE INDEX people_lower ON app.people (lower(name)) WHERE touched IS NOT NULL",
                "CREATE TABLE app.visits (id int PRIMARY KEY, person int NOT NULL REFERENCES app.people ON DELETE CASCADE)",
                "CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS"
                        + " $$BEGIN NEW.touched := now(); new.\"name\" = NEW.name; RETURN NEW; END$$",
                "CREATE FUNCTION app.tell() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$",
                "CREATE TRIGGER touch BEFORE INSERT OR UPDATE OF name ON app.people FOR EACH ROW EXECUTE FUNCTION app.touch()",
                "CREATE TRIGGER tell AFTER DELETE ON app.people FOR EACH STATEMENT EXECUTE FUNCTION app.tell()",
                "CREATE TRIGGER off AFTER DELETE ON app.people FOR EACH STATEMENT EXECUTE FUNCTION app.tell()",
                "ALTER TABLE app.people DISABLE TRIGGER off",
                "CREATE TABLE app.\"Log\" (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day)",
                "CREATE TABLE app.\"log one\" PARTITION OF app.\"Log\" DEFAULT",
                "CREATE TRIGGER each AFTER UPDATE ON app.\"Log\" FOR EACH ROW EXECUTE FUNCTION app.tell()",
                "CREATE PUBLICATION pub_root FOR TABLE app.\"Log\" WITH (publish = 'insert', publish_via_partition_root = true)",
                "CREATE PUBLICATION pub_people FOR TABLE app.people",
                "GRANT USAGE ON SCHEMA app TO " + ROLE,
                "GRANT SELECT, UPDATE (day) ON app.\"Log\" TO " + ROLE,
                (POSTGRES.version() < 17 ? "GRANT CREATE ON SCHEMA app TO " : "GRANT MAINTAIN ON app.\"Log\" TO ")
                        + ROLE,
                "ALTER TABLE app.\"log one\" ENABLE ROW LEVEL SECURITY");
        owner = Database.open(DatabaseSettings.of("main", POSTGRES.url(), POSTGRES.user(), POSTGRES.password()));
        guest = Database.open(DatabaseSettings.of("main", POSTGRES.url(), ROLE, "guest"));
    }

    @AfterAll
    static void close() {
        owner.close();
        guest.close();
        POSTGRES.run("DROP OWNED BY " + ROLE, "DROP ROLE " + ROLE);
    }

    @Test
    void triggersThatAreEnabledWithWhatTheyFireOnAndSet() {
        TableHazards hazards = HazardInspection.inspect(owner, PEOPLE, "migrate.table");
        assertThat(hazards.triggers())
                .containsExactlyInAnyOrder(
                        new Trigger(
                                "touch",
                                PEOPLE,
                                "app.touch",
                                true,
                                true,
                                Set.of(Event.INSERT, Event.UPDATE),
                                Set.of("name"),
                                Set.of("touched", "name"),
                                false),
                        new Trigger(
                                "tell",
                                PEOPLE,
                                "app.tell",
                                false,
                                false,
                                Set.of(Event.DELETE),
                                Set.of(),
                                Set.of(),
                                false));
        Trigger touch =
                hazards.triggers().stream().filter(Trigger::before).findFirst().orElseThrow();
        assertThat(touch.firesOnUpdateOf(Set.of("name"))).isTrue();
        assertThat(touch.firesOnUpdateOf(Set.of("boss"))).isFalse();
        assertThat(touch).hasToString("\"touch\" (BEFORE INSERT OR UPDATE FOR EACH ROW, app.touch())");
    }

    @Test
    void aTriggerThatPartitionsCopiedIsNamedOnce() {
        assertThat(HazardInspection.inspect(owner, LOG, "migrate.table").triggers())
                .singleElement()
                .satisfies(t -> assertThat(t.table()).isEqualTo(LOG));
    }

    @Test
    void foreignKeysBothWays() {
        TableHazards hazards = HazardInspection.inspect(owner, PEOPLE, "migrate.table");
        assertThat(hazards.foreignKeys())
                .extracting(ForeignKey::name, ForeignKey::onDelete, ForeignKey::incoming, ForeignKey::indexed)
                .containsExactlyInAnyOrder(
                        org.assertj.core.groups.Tuple.tuple("people_boss_fkey", "SET NULL", true, false),
                        org.assertj.core.groups.Tuple.tuple("visits_person_fkey", "CASCADE", true, false));
        POSTGRES.run("CREATE INDEX visits_person ON app.visits (person)");
        assertThat(HazardInspection.inspect(owner, PEOPLE, "migrate.table").foreignKeys())
                .filteredOn(ForeignKey::indexed)
                .extracting(ForeignKey::name)
                .containsExactly("visits_person_fkey");
        assertThat(HazardInspection.inspect(owner, new TableName("app", "visits"), "migrate.table")
                        .foreignKeys())
                .extracting(ForeignKey::incoming)
                .containsExactly(false);
    }

    @Test
    void publicationsAlsoThroughTheRoot() {
        assertThat(HazardInspection.inspect(owner, PEOPLE, "migrate.table").publications())
                .containsExactly(new Publication("pub_people", true, true, true));
        assertThat(HazardInspection.inspect(owner, LEAF, "migrate.table").publications())
                .containsExactly(new Publication("pub_root", true, false, false));
    }

    @Test
    void indexesWithEveryColumnTheyUseAndGeneratedColumns() {
        TableHazards hazards = HazardInspection.inspect(owner, PEOPLE, "migrate.table");
        assertThat(hazards.indexes())
                .containsExactly(
                        new Index("people_lower", Set.of("name", "touched")), new Index("people_pkey", Set.of("id")));
        assertThat(hazards.generatedFrom()).containsOnlyKeys("shout").containsEntry("shout", Set.of("name"));
        assertThat(hazards.totalBytes()).isPositive();
        assertThat(hazards.serverVersion()).isGreaterThan(120_000);
    }

    @Test
    void aRolesAccessLeafByLeaf() {
        TableHazards hazards = HazardInspection.inspect(guest, LOG, "migrate.table");
        assertThat(hazards.role()).isEqualTo(ROLE);
        assertThat(hazards.accessTo(LOG))
                .isEqualTo(new TableHazards.Access(
                        LOG,
                        true,
                        Set.of("id", "day"),
                        Set.of("day"),
                        Set.of(),
                        false,
                        POSTGRES.version() >= 17)); // MAINTAIN
        assertThat(hazards.accessTo(LEAF))
                .isEqualTo(new TableHazards.Access(LEAF, true, Set.of(), Set.of(), Set.of(), false, false));
    }

    @Test
    void rowLevelSecurityHidesFromARoleThatIsNeitherOwnerNorBypassing() {
        assertThat(HazardInspection.inspect(guest, LOG, "migrate.table").hiding())
                .containsExactly(LEAF);
        assertThat(HazardInspection.inspect(owner, LOG, "migrate.table").hiding())
                .isEmpty();
    }
}
