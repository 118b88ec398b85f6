package dev.sluice.arch;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The rules of the house for the rooms below one base package. A room is the first package below the base; what lies
 * deeper belongs to it.
 *
 * @param base such as {@code dev.sluice}
 */
record House(String base) {
    /** A room imports rooms of a lower rank only. */
    static final Map<String, Integer> RANKS = Map.ofEntries(
            Map.entry("time", 0),
            Map.entry("problem", 0),
            Map.entry("sql", 1),
            Map.entry("config", 1),
            Map.entry("database", 2),
            Map.entry("resilience", 3),
            Map.entry("job", 3),
            Map.entry("event", 3),
            Map.entry("fleet", 4),
            Map.entry("table", 4),
            Map.entry("partition", 5),
            Map.entry("checkpoint", 6),
            Map.entry("batch", 7),
            Map.entry("metrics", 8),
            Map.entry("throttle", 9),
            Map.entry("verify", 10),
            Map.entry("plan", 11),
            Map.entry("run", 12),
            Map.entry("execution", 13),
            Map.entry("phase", 13),
            Map.entry("schedule", 14),
            Map.entry("http", 15),
            Map.entry("cli", 15),
            Map.entry("dev", 16));

    /** A library is used by one room only: beginnings of its packages, and the room. */
    static final Map<String, String> LIBRARIES = Map.ofEntries(
            Map.entry("com.zaxxer.hikari.", "database"),
            Map.entry("org.flywaydb.", "database"),
            Map.entry("io.github.resilience4j.", "resilience"),
            Map.entry("com.networknt.", "job"),
            Map.entry("org.yaml.snakeyaml.", "config"),
            Map.entry("org.snakeyaml.engine.", "job"),
            Map.entry("com.fasterxml.jackson.dataformat.yaml.", "job"),
            Map.entry("io.smallrye.config.", "config"),
            Map.entry("org.eclipse.microprofile.config.", "config"),
            Map.entry("io.micrometer.", "metrics"),
            Map.entry("io.prometheus.", "metrics"),
            Map.entry("org.quartz.", "schedule"),
            Map.entry("io.javalin.", "http"),
            Map.entry("org.eclipse.jetty.", "http"),
            Map.entry("jakarta.servlet.", "http"),
            Map.entry("picocli.", "cli"),
            Map.entry("me.tongfei.progressbar.", "cli"),
            Map.entry("org.jline.", "cli"),
            Map.entry("io.zonky.test.", "dev"));

    /** Calls that belong to the room {@code time} alone, as owner and method. */
    static final Set<String> CLOCK = Set.of(
            "java.lang.Thread.sleep",
            "java.lang.System.nanoTime",
            "java.lang.System.currentTimeMillis",
            "java.time.Instant.now",
            "java.time.LocalDate.now",
            "java.time.LocalDateTime.now",
            "java.time.OffsetDateTime.now",
            "java.time.ZonedDateTime.now",
            "java.time.Clock.systemUTC",
            "java.time.Clock.systemDefaultZone",
            "java.util.concurrent.TimeUnit.sleep");

    /** Classes that may read the clock outside the room {@code time}; each needs a reason here. Empty is best. */
    static final Set<String> MAY_READ_THE_CLOCK = Set.of();

    ArchRule onlyLowerRanks() {
        return ArchRuleDefinition.classes()
                .that()
                .resideInAPackage(base + "..")
                .should(each("import only rooms of a lower rank", (from, dependency, events) -> {
                    Optional<String> target = roomOf(dependency.getTargetClass());
                    if (target.isPresent() && !target.get().equals(from) && !isBelow(target.get(), from)) {
                        violated(
                                events,
                                dependency,
                                "room " + from + " (rank " + RANKS.get(from) + ") imports " + target.get() + " (rank "
                                        + RANKS.get(target.get()) + ")");
                    }
                    if (dependency.getTargetClass().getPackageName().equals(base)) {
                        violated(events, dependency, "room " + from + " imports the top, which puts rooms together");
                    }
                }))
                .allowEmptyShould(true);
    }

    ArchRule everyRoomHasARank() {
        return ArchRuleDefinition.classes()
                .that()
                .resideInAPackage(base + "..")
                .should(each("live in a room that has a rank", (from, dependency, events) -> {
                    if (!RANKS.containsKey(from)) {
                        violated(events, dependency, "room " + from + " has no rank; give it one in House.RANKS");
                    }
                }))
                .allowEmptyShould(true);
    }

    ArchRule librariesOnlyInTheirRoom() {
        return ArchRuleDefinition.classes()
                .that()
                .resideInAPackage(base + "..")
                .should(each("use a library only in its room", (from, dependency, events) -> {
                    String used =
                            dependency.getTargetClass().getBaseComponentType().getFullName();
                    LIBRARIES.forEach((library, room) -> {
                        if (used.startsWith(library) && !room.equals(from)) {
                            violated(events, dependency, library + "* belongs to room " + room + ", not to " + from);
                        }
                    });
                }))
                .allowEmptyShould(true);
    }

    ArchRule noCircles() {
        return SlicesRuleDefinition.slices()
                .matching(base + ".(*)..")
                .should()
                .beFreeOfCycles()
                .allowEmptyShould(true);
    }

    ArchRule onlyTheRoomTimeReadsTheClock() {
        return ArchRuleDefinition.classes()
                .that()
                .resideInAPackage(base + "..")
                .and()
                .resideOutsideOfPackage(base + ".time..")
                .should(new ArchCondition<JavaClass>("leave clock and waits to the room time") {
                    @Override
                    public void check(JavaClass item, ConditionEvents events) {
                        item.getAccessesFromSelf().stream()
                                .filter(access ->
                                        CLOCK.contains(access.getTargetOwner().getFullName() + "." + access.getName()))
                                .filter(access -> !MAY_READ_THE_CLOCK.contains(item.getFullName()))
                                .forEach(access ->
                                        events.add(SimpleConditionEvent.violated(item, access.getDescription())));
                    }
                })
                .allowEmptyShould(true);
    }

    List<ArchRule> all() {
        return List.of(
                onlyLowerRanks(),
                everyRoomHasARank(),
                librariesOnlyInTheirRoom(),
                noCircles(),
                onlyTheRoomTimeReadsTheClock());
    }

    /** The ranks as people read them, for messages. */
    static String table() {
        return RANKS.entrySet().stream()
                .collect(Collectors.groupingBy(
                        Map.Entry::getValue,
                        java.util.TreeMap::new,
                        Collectors.mapping(Map.Entry::getKey, Collectors.toCollection(TreeSet::new))))
                .toString();
    }

    /** The room of a class; empty for the top ({@code Sluice}, {@code Wiring}) and for everything foreign. */
    private Optional<String> roomOf(JavaClass type) {
        String inside = type.getBaseComponentType().getPackageName() + ".";
        if (!inside.startsWith(base + ".") || inside.length() == base.length() + 1) {
            return Optional.empty();
        }
        return Optional.of(inside.substring(base.length() + 1, inside.indexOf('.', base.length() + 1)));
    }

    private static boolean isBelow(String lower, String upper) {
        return RANKS.getOrDefault(lower, Integer.MAX_VALUE) < RANKS.getOrDefault(upper, Integer.MIN_VALUE);
    }

    private static void violated(ConditionEvents events, Dependency dependency, String why) {
        events.add(SimpleConditionEvent.violated(dependency, why + ": " + dependency.getDescription()));
    }

    private ArchCondition<JavaClass> each(String what, Check check) {
        return new ArchCondition<>(what) {
            @Override
            public void check(JavaClass item, ConditionEvents events) {
                roomOf(item)
                        .ifPresent(room -> item.getDirectDependenciesFromSelf()
                                .forEach(dependency -> check.check(room, dependency, events)));
            }
        };
    }

    private interface Check {
        void check(String room, Dependency dependency, ConditionEvents events);
    }
}
