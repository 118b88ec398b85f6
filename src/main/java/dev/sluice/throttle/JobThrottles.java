package dev.sluice.throttle;

import dev.sluice.database.Database;
import dev.sluice.database.Databases;
import dev.sluice.job.Job;
import dev.sluice.job.SignalSettings;
import dev.sluice.job.ThrottleSettings;
import dev.sluice.table.TableFacts;
import dev.sluice.time.Time;
import java.util.ArrayList;
import java.util.List;

/** Throttles as the jobs' files ask for them, on the samplers of this worker. */
public final class JobThrottles implements Throttles, AutoCloseable {
    private final Databases databases;
    private final Samplers samplers;
    private final Servo servo;
    private final Fetch fetch = Fetch.open();
    private final Time time;

    /**
     * @param databases of the worker
     * @param samplers of the worker
     * @param servo how the pace follows
     */
    public JobThrottles(Databases databases, Samplers samplers, Servo servo, Time time) {
        this.databases = databases;
        this.samplers = samplers;
        this.servo = servo;
        this.time = time;
    }

    @Override
    public Throttle open(Job job, TableFacts facts) {
        Database database = databases.get(job.database());
        Sampler sampler = samplers.of(job.database());
        var signals =
                new PostgresSignals(time, job.database(), database.settings().cores(), sampler::isBusy);
        ThrottleSettings settings = job.migrate().throttle();
        List<Heeded> heeded = new ArrayList<>();
        signals.of(settings, facts.oid()).forEach((kind, source) -> {
            SignalSettings signal = settings.of(kind);
            heeded.add(new Heeded(
                    source, levels -> Judge.of(kind, signal, levels), signal.stated(), signal.holdsWhenUnknown()));
        });
        settings.chosen()
                .forEach(chosen -> heeded.add(new Heeded(
                        ChosenSources.of(chosen, database, fetch),
                        levels -> Judge.of(chosen, levels),
                        true,
                        chosen.holdsWhenUnknown())));
        return new Throttle(sampler, heeded, new OpeningHours(settings.windows()), servo, time);
    }
    /** Throttles that are open still work, but for signals of other places. */
    @Override
    public void close() {
        fetch.close();
    }
}
