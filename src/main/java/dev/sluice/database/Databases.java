package dev.sluice.database;

import dev.sluice.problem.Problem;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The configured databases by name, one of them the control database. */
public final class Databases implements AutoCloseable {
    private static final int AROUND_FOR_OTHERS = 3;

    private final Map<String, Database> byName;
    private final String control;
    private final Database aroundTargets;

    private Databases(Map<String, Database> byName, String control, Database aroundTargets) {
        this.byName = byName;
        this.control = control;
        this.aroundTargets = aroundTargets;
    }

    /**
     * Opens a pool for each.
     *
     * @param settings one per database
     * @param control the name of the control database
     * @throws Problem INVALID when {@code control} is none of them
     */
    public Databases(List<DatabaseSettings> settings, String control) {
        if (settings.stream().noneMatch(s -> s.name().equals(control))) {
            throw new Problem(
                    Problem.Kind.INVALID,
                    "unknown-database",
                    "The control database \"" + control + "\" is not configured. Configured: "
                            + settings.stream().map(DatabaseSettings::name).toList()
                            + ". Set databases." + control + ".url, or name another one as control.");
        }
        this.byName = new LinkedHashMap<>();
        settings.forEach(s -> byName.put(s.name(), Database.open(s)));
        this.control = control;
        this.aroundTargets = Database.openAround(around(get(control).settings()));
    }

    /**
     * One for each database, since a stop of all runs is made in all of them at the same time, and a few for others.
     */
    private DatabaseSettings around(DatabaseSettings control) {
        return control.withPool(control.name() + "-around", byName.size() + AROUND_FOR_OTHERS);
    }

    /**
     * The database of this name.
     *
     * @throws Problem NOT_FOUND {@code unknown-database}
     */
    public Database get(String name) {
        Database found = byName.get(name);
        if (found == null) {
            throw new Problem(
                    Problem.Kind.NOT_FOUND,
                    "unknown-database",
                    "No database \"" + name + "\" is configured. Configured: " + byName.keySet() + ". Add databases."
                            + name + ".url to the configuration, or fix `database:` in the job file.");
        }
        return found;
    }

    /**
     * The same databases with the same pools, for those who wait no longer than this for a connection: people, and what
     * asks on their behalf. Close this one, not that.
     */
    public Databases within(Duration patience) {
        Map<String, Database> brief = new LinkedHashMap<>();
        byName.forEach((name, database) -> brief.put(name, database.within(patience)));
        return new Databases(brief, control, aroundTargets.within(patience));
    }

    /** Where runs, events and Quartz live. */
    public Database control() {
        return get(control);
    }

    /**
     * The control database by a small pool of its own, for transactions that stay open while a target is asked: by
     * default both are the same database, and whoever has a connection of a pool must not wait for another one of it.
     */
    public Database aroundTargets() {
        return aroundTargets;
    }

    /** All of them, in the configuration's order. */
    public Collection<Database> all() {
        return List.copyOf(byName.values());
    }

    @Override
    public void close() {
        aroundTargets.close();
        byName.values().forEach(Database::close);
    }
}
