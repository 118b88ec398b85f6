package dev.sluice.throttle;

import dev.sluice.database.Databases;
import dev.sluice.time.Time;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The samplers of this worker, one for each database it works on. */
public final class Samplers implements AutoCloseable {
    /** A reading that waits longer for a connection is late anyway. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final Databases databases;
    private final Time time;
    private final Map<String, Sampler> byDatabase = new ConcurrentHashMap<>();

    /** @param databases of the worker; not closed with this */
    public Samplers(Databases databases, Time time) {
        this.databases = databases.within(PATIENCE);
        this.time = time;
    }

    /** The one of this database. */
    public Sampler of(String database) {
        return byDatabase.computeIfAbsent(database, d -> Sampler.started(databases.get(d), time));
    }

    @Override
    public void close() {
        Collection<Sampler> samplers = List.copyOf(byDatabase.values());
        samplers.forEach(Sampler::close);
    }
}
