package dev.sluice.arch;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.sluice.testing.TestPostgres;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * CI runs the integration tests twice, on a container and on an embedded server of the oldest version. The second time
 * only those are worth it whose database differs: they carry {@code @Tag("database")}, or {@code "version"} where they
 * start a server of their own.
 */
class DatabaseTagTest {
    private static final JavaClasses ALL = new ClassFileImporter().importPackages("dev.sluice");

    @Test
    void exactlyTheIntegrationTestsOnTestPostgresAreTagged() {
        Set<String> using = ALL.stream()
                .filter(DatabaseTagTest::makesADatabase)
                .map(DatabaseTagTest::outermost)
                .filter(DatabaseTagTest::isIntegrationTest)
                .collect(Collectors.toSet());
        Set<String> tagged = ALL.stream()
                .filter(c -> c.isAnnotatedWith(Tag.class)
                        && c.getAnnotationOfType(Tag.class).value().equals("database"))
                .map(JavaClass::getName)
                .filter(DatabaseTagTest::isIntegrationTest)
                .collect(Collectors.toSet());
        assertThat(tagged)
                .as("integration tests with @Tag(\"database\"), against those that call TestPostgres.create()")
                .contains("dev.sluice.WorkerIT")
                .isEqualTo(using);
    }

    private static boolean makesADatabase(JavaClass c) {
        return c.getMethodCallsFromSelf().stream()
                .anyMatch(call -> call.getTargetOwner().isEquivalentTo(TestPostgres.class)
                        && call.getName().equals("create"));
    }

    private static String outermost(JavaClass c) {
        return c.getName().replaceAll("\\$.*", "");
    }

    private static boolean isIntegrationTest(String name) {
        return name.endsWith("IT");
    }
}
