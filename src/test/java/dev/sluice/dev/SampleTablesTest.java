package dev.sluice.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.problem.Problem;
import dev.sluice.testing.TestPostgres;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class SampleTablesTest {
    private static final String FINGERPRINT = "SELECT md5(string_agg(p::text, '|' ORDER BY id)) FROM app.people p";

    private final TestPostgres.Fresh database = TestPostgres.create();
    private final SampleTables tables = new SampleTables(database.url(), database.user(), database.password());

    @Test
    void fillsEveryTableInProportion() {
        assertThat(tables.ensure(OptionalLong.of(2000))).isEqualTo(new SampleTables.Made(2000, true));
        assertThat(database.value("SELECT count(*) FROM app.people")).isEqualTo("2000");
        assertThat(database.value("SELECT count(*) FROM app.orders")).isEqualTo("1000");
        assertThat(Integer.parseInt(database.value("SELECT count(*) FROM app.order_lines")))
                .isBetween(1990, 2010);
        assertThat(database.value("SELECT count(*) FROM app.sessions")).isEqualTo("400");
        assertThat(database.value("SELECT count(*) FROM app.order_totals")).isEqualTo("0");
    }

    @Test
    void rowsAreLikeRealOnes() {
        tables.ensure(OptionalLong.of(2000));
        assertThat(database.value("SELECT count(*) FROM app.people WHERE first_name IS NULL"))
                .isEqualTo("20");
        assertThat(database.value("SELECT count(*) > 100 FROM app.people WHERE last_name LIKE '%''%'"))
                .isEqualTo("t");
        assertThat(database.value("SELECT count(*) > 300 FROM app.people WHERE last_name ~ '[^[:ascii:]]'"))
                .isEqualTo("t");
        assertThat(database.value("SELECT count(DISTINCT (first_name, last_name)) > 1000 FROM app.people"))
                .isEqualTo("t");
        assertThat(database.value("SELECT max(id) > 1.4 * count(*) FROM app.people"))
                .as("ids have gaps")
                .isEqualTo("t");
        assertThat(database.value("SELECT count(*) FROM app.people WHERE email !~ '^[a-z.-]+[0-9]+@[a-z.]+$'"))
                .isEqualTo("0");
        assertThat(database.value("SELECT count(DISTINCT email) FROM app.people"))
                .isEqualTo("2000");
        assertThat(database.value("SELECT count(*) FROM app.people WHERE full_name IS NOT NULL"))
                .isEqualTo("0");
        assertThat(database.value("SELECT count(*) FROM pg_indexes WHERE schemaname = 'app' AND tablename = 'people'"))
                .isEqualTo("3");
    }

    @Test
    void theSameNumberGivesTheSameRows() {
        tables.ensure(OptionalLong.of(300));
        var other = TestPostgres.create();
        new SampleTables(other.url(), other.user(), other.password()).ensure(OptionalLong.of(300));
        assertThat(other.value(FINGERPRINT)).isEqualTo(database.value(FINGERPRINT));
    }

    @Test
    void onePersonIsEnough() {
        assertThat(tables.ensure(OptionalLong.of(1))).isEqualTo(new SampleTables.Made(1, true));
        assertThat(database.value("SELECT count(*) FROM app.orders")).isEqualTo("0");
    }

    @Test
    void whatIsThereStays() {
        tables.ensure(OptionalLong.of(300));
        database.run("UPDATE app.people SET full_name = 'kept' WHERE id = 1");
        assertThat(tables.ensure(OptionalLong.of(300))).isEqualTo(new SampleTables.Made(300, false));
        assertThat(tables.ensure(OptionalLong.empty())).isEqualTo(new SampleTables.Made(300, false));
        assertThat(database.value("SELECT full_name FROM app.people WHERE id = 1"))
                .isEqualTo("kept");
    }

    @Test
    void anotherNumberNeedsFresh() {
        tables.ensure(OptionalLong.of(300));
        assertThatThrownBy(() -> tables.ensure(OptionalLong.of(400)))
                .isInstanceOfSatisfying(Problem.class, p -> assertThat(p.kind()).isEqualTo(Problem.Kind.CONFLICT))
                .hasMessageContaining("hold 300 people")
                .hasMessageContaining("--fresh --rows 400");
    }

    @Test
    void aSchemaOfSomebodyElseIsLeftAlone() {
        database.run("CREATE SCHEMA app");
        assertThatThrownBy(() -> tables.ensure(OptionalLong.empty()))
                .isInstanceOfSatisfying(Problem.class, p -> assertThat(p.code()).isEqualTo("schema-app-taken"));
    }

    @Test
    void sillyNumbersAreRefused() {
        for (long rows : new long[] {-1, 0, 100_000_001}) {
            assertThatThrownBy(() -> tables.ensure(OptionalLong.of(rows)))
                    .isInstanceOfSatisfying(
                            Problem.class, p -> assertThat(p.kind()).isEqualTo(Problem.Kind.INVALID))
                    .hasMessageContaining("--rows " + rows);
        }
    }
}
