package dev.sluice.plan;

import dev.sluice.job.Job;
import dev.sluice.job.JobFile;
import dev.sluice.job.Jobs;
import dev.sluice.job.Mistake;
import dev.sluice.problem.Problem;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The jobs of the folder with what their databases say against them: such a job is still offered, for the database may
 * be fixed any moment (its expand phase may be yet to come), and a run checks again before its first batch.
 */
public final class CheckedJobs implements Jobs {
    private static final Logger LOG = LoggerFactory.getLogger(CheckedJobs.class);

    private final Jobs folder;
    private final JobCheck check;
    /** By definition, so that a changed file is checked anew. */
    private final Map<String, List<Mistake>> found = new ConcurrentHashMap<>();

    /**
     * @param folder the jobs as their files define them
     * @param check asks the database
     */
    public CheckedJobs(Jobs folder, JobCheck check) {
        this.folder = folder;
        this.check = check;
    }

    /** As the folder has them; mistakes beside a job are what its database said when it was last asked. */
    @Override
    public List<JobFile> files() {
        return folder.files().stream()
                .map(f -> f.job()
                        .map(j -> new JobFile(
                                f.path(), f.job(), found.getOrDefault(j.definition(), List.of()), f.lines()))
                        .orElse(f))
                .toList();
    }

    @Override
    public Optional<Job> find(String name) {
        return folder.find(name);
    }

    @Override
    public Optional<Job> elsewhere(String name) {
        return folder.elsewhere(name);
    }

    /**
     * Asks about every job that is new, changed, or had mistakes when last asked, and logs each new mistake once. A
     * database that does not answer leaves its jobs for the next call.
     */
    public void refresh() {
        Set<String> present = new LinkedHashSet<>();
        for (JobFile file : folder.files()) {
            file.job().ifPresent(job -> {
                present.add(job.definition());
                List<Mistake> before = found.get(job.definition());
                if (before == null || !before.isEmpty()) {
                    ask(file, job, before == null ? List.of() : before);
                }
            });
        }
        found.keySet().retainAll(present);
    }

    private void ask(JobFile file, Job job, List<Mistake> before) {
        List<Mistake> now;
        try {
            now = FileMistakes.of(file, check.check(job));
        } catch (Problem e) {
            if (e.kind() == Problem.Kind.UNAVAILABLE) {
                return;
            }
            now = List.of(
                    new Mistake(file.path(), null, "database", e.code(), e.getMessage(), "see the configuration."));
        } catch (RuntimeException | StackOverflowError e) {
            // what one job does to its check may not keep the others from theirs
            LOG.error("job {} could not be checked for a fault of Sluice's", job.name(), e);
            now = List.of(new Mistake(
                    file.path(),
                    null,
                    "",
                    "check-failed",
                    "it could not be checked against its database for a fault of Sluice's ("
                            + e.getClass().getSimpleName() + ").",
                    "Please report the fault with the file and the log."));
        }
        for (Mistake mistake : now) {
            if (!before.contains(mistake)) {
                LOG.warn("job file {}", mistake);
            }
        }
        if (now.isEmpty() && !before.isEmpty()) {
            LOG.info("job {}: its database has nothing against it any more", job.name());
        }
        found.put(job.definition(), now);
    }
}
