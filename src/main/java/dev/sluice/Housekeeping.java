package dev.sluice;

import dev.sluice.job.FolderChange;
import dev.sluice.job.Job;
import dev.sluice.job.JobFolder;
import dev.sluice.plan.CheckedJobs;
import dev.sluice.resilience.PeriodicWork;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a worker does every few moments: looks at the jobs folder, keeps the schedules in step, reports to the meters.
 */
final class Housekeeping implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Housekeeping.class);
    private static final Duration REPORT_EVERY = Duration.ofSeconds(3);
    private static final Duration CHECK_EVERY = Duration.ofSeconds(30);
    private static final Duration REMOVE_EVERY = Duration.ofMinutes(1);
    private static final Duration STALE_ASKED_EVERY = Duration.ofSeconds(30);

    private final JobFolder jobs;
    private final CheckedJobs checked;
    private final ScheduleSync scheduleSync;
    private final MetricsReporter reporter;
    private final Runnable retention;
    private final Duration refreshEvery;
    private final Duration staleAskedEvery;
    private final PeriodicWork files = new PeriodicWork("job-files");
    /** Waits for databases, which must not keep a new job file from being seen. */
    private final PeriodicWork asking = new PeriodicWork("housekeeping");
    /** Takes its time, which must not keep the others waiting. */
    private final PeriodicWork removing = new PeriodicWork("retention");

    private final BooleanSupplier idle;
    private volatile boolean checkedSince;
    private final Consumer<List<Job>> renewal;

    /**
     * @param retention removes some of what has been over for long
     * @param idle whether this worker takes no work, and so leaves schedules and renewals to the others
     * @param renewal has stale evidence of these jobs renewed
     */
    Housekeeping(
            JobFolder jobs,
            CheckedJobs checked,
            ScheduleSync scheduleSync,
            MetricsReporter reporter,
            Runnable retention,
            BooleanSupplier idle,
            Consumer<List<Job>> renewal,
            Duration refreshEvery,
            Duration repeatEvery) {
        this.idle = idle;
        this.staleAskedEvery = staleAskedEvery(repeatEvery);
        this.renewal = renewal;
        this.jobs = jobs;
        this.checked = checked;
        this.scheduleSync = scheduleSync;
        this.reporter = reporter;
        this.retention = retention;
        this.refreshEvery = refreshEvery;
    }

    void start() {
        files.every(refreshEvery, "job files", this::refresh);
        asking.every(refreshEvery, "schedules", this::step);
        asking.every(CHECK_EVERY, "check of the jobs", checked::refresh);
        asking.every(REPORT_EVERY, "report", reporter::report);
        asking.every(staleAskedEvery, "renewal of evidence", this::renew);
        removing.every(REMOVE_EVERY, "retention", retention);
    }

    /** Often enough for evidence that is to be renewed so often. */
    static Duration staleAskedEvery(Duration repeatEvery) {
        return repeatEvery.compareTo(STALE_ASKED_EVERY) < 0 ? repeatEvery : STALE_ASKED_EVERY;
    }

    private static String told(FolderChange change) {
        return Stream.of(
                        Map.entry("added ", change.added()),
                        Map.entry("changed ", change.changed()),
                        Map.entry("no longer there or with mistakes ", change.removed()))
                .filter(what -> !what.getValue().isEmpty())
                .map(what -> what.getKey() + String.join(", ", what.getValue()))
                .collect(Collectors.joining("; "));
    }

    /** Live runs keep the definition they began with; only schedules and later runs see a changed file. */
    private void refresh() {
        FolderChange change = jobs.refresh();
        if (!change.isEmpty()) {
            LOG.info("job files: {}", told(change));
            scheduleSync.outOfStep();
            checkedSince = false;
        }
    }

    private void step() {
        scheduleSync.publish();
        if (!checkedSince) {
            checkedSince = true; // first: a change that comes meanwhile asks for another look
            checked.refresh();
        }
        if (!idle.getAsBoolean()) {
            scheduleSync.schedules();
        }
    }

    private void renew() {
        if (!idle.getAsBoolean()) {
            renewal.accept(jobs.good());
        }
    }

    /** What of this is no longer done. */
    Optional<String> lost() {
        return files.lost().or(asking::lost).or(removing::lost);
    }

    @Override
    public void close() {
        files.close();
        asking.close();
        removing.close();
    }
}
