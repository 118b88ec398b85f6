package dev.sluice.throttle;

import dev.sluice.database.Database;
import dev.sluice.database.Databases;
import dev.sluice.job.Job;
import dev.sluice.job.SignalSettings;
import dev.sluice.job.ThrottleSettings;
import dev.sluice.table.TableFacts;
import dev.sluice.time.Time;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Throttles as the jobs' files ask for them, on the samplers of this worker. */
public final class JobThrottles implements Throttles, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(JobThrottles.class);

    private final Databases databases;
    private final Samplers samplers;
    private final PaceSettings paceSettings;
    private final double cores;
    private final Fetch fetch = Fetch.open();
    /** Jobs of which it was said that their server's cores are assumed. */
    private final Set<String> told = ConcurrentHashMap.newKeySet();

    private final Time time;

    /**
     * @param databases of the worker
     * @param samplers of the worker
     * @param paceSettings how the pace follows
     * @param cores share of a server's cores that batches may keep busy where the job file says nothing
     */
    public JobThrottles(Databases databases, Samplers samplers, PaceSettings paceSettings, double cores, Time time) {
        this.databases = databases;
        this.samplers = samplers;
        this.paceSettings = paceSettings;
        this.cores = cores;
        this.time = time;
    }

    @Override
    public Throttle open(Job job, TableFacts facts) {
        Database database = databases.get(job.database());
        Sampler sampler = samplers.of(job.database());
        var signals =
                new PostgresSignals(time, job.database(), database.settings().cores(), sampler::isBusy);
        ThrottleSettings settings = job.migrate().throttle();
        List<MonitoredSignal> monitored = new ArrayList<>();
        signals.of(settings, facts.oid()).forEach((kind, source) -> {
            SignalSettings signal = settings.of(kind);
            monitored.add(new MonitoredSignal(
                    source,
                    levels -> SignalEvaluator.of(kind, signal, levels),
                    signal.stated(),
                    signal.holdsWhenUnknown()));
        });
        settings.chosen()
                .forEach(chosen -> monitored.add(new MonitoredSignal(
                        CustomSources.of(chosen, database, fetch),
                        levels -> SignalEvaluator.of(chosen, levels),
                        true,
                        chosen.holdsWhenUnknown())));
        return new Throttle(
                sampler,
                monitored,
                new OpeningHours(settings.windows()),
                Optional.of(bounded(job, database)),
                paceSettings,
                time);
    }

    /** Also where the job file has no budget: it may be given one while it runs. */
    private Throttle.Bounded bounded(Job job, Database database) {
        double share = job.migrate().throttle().budget(cores).orElse(ThrottleSettings.ALL_CORES);
        OptionalInt known =
                database.settings().cores().isPresent() ? database.settings().cores() : coresSeen(database);
        if (known.isEmpty() && share < 1 && told.add(job.name())) {
            LOG.warn(
                    "job {}: the cores of the server of database {} are not known: the budget of cores takes it for one of"
                            + " {}. Set databases.{}.cores.",
                    job.name(),
                    database.name(),
                    CoreBudget.ASSUMED,
                    database.name());
        }
        var budget = CoreBudget.of(share, known);
        return new Throttle.Bounded(budget, new Activity(time));
    }

    /** Empty as well where the database does not answer: its cores are assumed then. */
    private static OptionalInt coresSeen(Database database) {
        try (Connection connection = database.connect()) {
            return ServerCores.seen(connection);
        } catch (SQLException e) {
            LOG.debug("the cores of {} could not be asked for", database.name(), e);
            return OptionalInt.empty();
        }
    }

    /** Throttles that are open still work, but for signals of other places. */
    @Override
    public void close() {
        fetch.close();
    }
}
