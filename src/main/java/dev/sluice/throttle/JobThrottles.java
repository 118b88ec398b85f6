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
public final class JobThrottles implements Throttles {
    private final Databases databases;
    private final Samplers samplers;
    private final Servo servo;
    private final Time time;

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
        ThrottleSettings settings = job.migrate().throttle();
        List<Heeded> heeded = new ArrayList<>();
        if (settings.on()) {
            PostgresSignals.of(database, facts.oid(), settings, sampler::isBusy, time)
                    .forEach((kind, source) -> {
                        SignalSettings signal = settings.of(kind);
                        heeded.add(new Heeded(
                                source,
                                levels -> Judge.of(kind, signal, levels),
                                signal.stated(),
                                signal.holdsWhenUnknown()));
                    });
        }
        settings.chosen()
                .forEach(chosen -> heeded.add(new Heeded(
                        ChosenSources.of(chosen, database),
                        levels -> Judge.of(chosen, levels),
                        true,
                        chosen.holdsWhenUnknown())));
        return new Throttle(sampler, heeded, settings.windows(), servo, time);
    }
}
