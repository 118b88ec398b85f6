package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.TestPostgres;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Cores that nobody has told. */
class ServerCoresTest {
    /** As the default parameter groups of RDS and Aurora set them on instances of so many vCPUs; 0 for not known. */
    @ParameterizedTest
    @CsvSource({
        "2, 8, 8, 0",
        "4, 8, 8, 0",
        "8, 16, 8, 8",
        "16, 32, 8, 16",
        "64, 128, 32, 64",
        "96, 192, 48, 96",
    })
    void areInferredFromTheDefaultsOfAmazon(int vcpus, int workers, int parallel, int seen) {
        assertThat(ServerCores.inferred(workers, parallel)).as(vcpus + " vCPUs").isEqualTo(known(seen));
    }

    @ParameterizedTest
    @CsvSource({"0, 8", "8, 2", "64, 8", "64, 64", "17, 8", "128, 8"})
    void settingsThatSomebodyHasChangedTellNothing(int workers, int parallel) {
        assertThat(ServerCores.inferred(workers, parallel)).isEmpty();
    }

    private static OptionalInt known(int cores) {
        return cores == 0 ? OptionalInt.empty() : OptionalInt.of(cores);
    }

    @Test
    void aServerThatIsNeitherHereNorAmazonsTellsNone() throws Exception {
        TestPostgres.Fresh db = TestPostgres.create();
        String elsewhere = db.url().replaceFirst("//([^/]+)/", "//$1,$1/");
        try (Connection connection = DriverManager.getConnection(elsewhere, db.user(), db.password())) {
            assertThat(ServerCores.seen(connection)).isEmpty();
        }
    }
}
