package dev.sluice.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.Test;

/** The house as it is, and proof on a crooked one, {@code dev.sluice.arch.fixture}, that each rule can fail. */
class HouseTest {
    private static final JavaClasses SLUICE = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.sluice");

    private static final JavaClasses CROOKED = new ClassFileImporter().importPackages("dev.sluice.arch.fixture");

    private static final House HOUSE = new House("dev.sluice");
    private static final House CROOKED_HOUSE = new House("dev.sluice.arch.fixture");

    @Test
    void theHouseIsThere() {
        assertThat(SLUICE.contain("dev.sluice.Wiring")).isTrue();
        assertThat(SLUICE.contain(HouseTest.class)).isFalse();
    }

    @Test
    void importsOnlyLowerRanks() {
        HOUSE.onlyLowerRanks().because("the ranks are " + House.table()).check(SLUICE);
    }

    @Test
    void everyRoomHasARank() {
        HOUSE.everyRoomHasARank().check(SLUICE);
    }

    @Test
    void usesLibrariesOnlyInTheirRoom() {
        HOUSE.librariesOnlyInTheirRoom().check(SLUICE);
    }

    @Test
    void hasNoCircles() {
        HOUSE.noCircles().check(SLUICE);
    }

    @Test
    void readsTheClockInOneRoom() {
        HOUSE.onlyTheRoomTimeReadsTheClock().check(SLUICE);
    }

    @Test
    void findsARoomThatImportsAHigherOne() {
        fails(CROOKED_HOUSE.onlyLowerRanks(), "room database (rank 2) imports run (rank 12)", "ReachesUp");
    }

    @Test
    void findsARoomThatImportsTheTop() {
        fails(CROOKED_HOUSE.onlyLowerRanks(), "room metrics imports the top", "CallsTheTop");
    }

    @Test
    void findsARoomWithoutARank() {
        fails(CROOKED_HOUSE.everyRoomHasARank(), "room helper has no rank", "Stray");
    }

    @Test
    void findsALibraryInAForeignRoom() {
        fails(
                CROOKED_HOUSE.librariesOnlyInTheirRoom(),
                "com.zaxxer.hikari.* belongs to room database, not to run",
                "OpensPools");
    }

    @Test
    void findsCircles() {
        fails(CROOKED_HOUSE.noCircles(), "Cycle detected", "Slice batch", "Slice checkpoint");
    }

    @Test
    void findsWhoReadsTheClockOrSleeps() {
        fails(
                CROOKED_HOUSE.onlyTheRoomTimeReadsTheClock(),
                "java.lang.Thread.sleep",
                "java.lang.System.nanoTime()",
                "java.lang.System.currentTimeMillis()",
                "java.time.Instant.now()",
                "Sleeps");
    }

    @Test
    void leavesTheRoomTimeAndTheTopAlone() {
        assertThatThrownBy(() -> CROOKED_HOUSE.onlyTheRoomTimeReadsTheClock().check(CROOKED))
                .hasMessageNotContaining("MayReadIt");
        assertThatThrownBy(() -> CROOKED_HOUSE.librariesOnlyInTheirRoom().check(CROOKED))
                .hasMessageNotContaining("fixture.Top");
    }

    @Test
    void emptyRoomsAreNoOffence() {
        JavaClasses nothing = new ClassFileImporter().importPackages("dev.sluice.nowhere");
        new House("dev.sluice.nowhere").all().forEach(rule -> rule.check(nothing));
    }

    private static void fails(ArchRule rule, String... words) {
        assertThatThrownBy(() -> rule.check(CROOKED))
                .isInstanceOf(AssertionError.class)
                .hasMessageContainingAll(words);
    }
}
