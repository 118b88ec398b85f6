package dev.sluice.fleet;

import dev.sluice.job.Job;
import dev.sluice.job.JobFile;
import dev.sluice.job.Jobs;
import java.util.List;
import java.util.Optional;

/**
 * This worker's folder, and for a job that has no file there what other live workers hold. A file of the job's name
 * that has mistakes here stands before the others': whoever asks for the job is told of them.
 */
public final class FleetJobs implements Jobs {
    private final Jobs folder;
    private final Definitions definitions;

    /**
     * @param folder of this worker
     * @param definitions of all
     */
    public FleetJobs(Jobs folder, Definitions definitions) {
        this.folder = folder;
        this.definitions = definitions;
    }

    @Override
    public List<JobFile> files() {
        return folder.files();
    }

    /** @throws dev.sluice.problem.Problem as {@link Definitions#elsewhere} does, where there is no file here */
    @Override
    public Optional<Job> find(String name) {
        Optional<Job> mine = folder.find(name);
        boolean bad = folder.files().stream()
                .anyMatch(f -> f.job().isEmpty() && f.stem().equals(name));
        return mine.isPresent() || bad ? mine : elsewhere(name);
    }

    @Override
    public Optional<Job> elsewhere(String name) {
        return definitions.elsewhere(name);
    }
}
