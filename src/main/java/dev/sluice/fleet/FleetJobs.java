package dev.sluice.fleet;

import dev.sluice.job.Job;
import dev.sluice.job.JobFile;
import dev.sluice.job.Jobs;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * This worker's folder, and for a job that has no file there what other live workers hold. A file of the job's name
 * that has mistakes here stands before the others': whoever asks for the job is told of them.
 */
public final class FleetJobs implements Jobs {
    private final Jobs folder;
    private final Definitions definitions;
    private final Function<String, Optional<Job>> others;

    /**
     * @param folder of this worker
     * @param definitions of all
     */
    public FleetJobs(Jobs folder, Definitions definitions) {
        this(folder, definitions, definitions::elsewhere);
    }

    private FleetJobs(Jobs folder, Definitions definitions, Function<String, Optional<Job>> others) {
        this.folder = folder;
        this.definitions = definitions;
        this.others = others;
    }

    /**
     * The folder as it is now, and one read of what is not there.
     *
     * @throws dev.sluice.problem.Problem UNAVAILABLE when the control database does not answer
     */
    @Override
    public Jobs among(Collection<String> names) {
        List<JobFile> files = folder.files();
        Jobs now = () -> files;
        List<String> absent = names.stream().filter(name -> !isHere(now, name)).toList();
        return new FleetJobs(now, definitions, definitions.elsewhere(absent));
    }

    @Override
    public List<JobFile> files() {
        return folder.files();
    }

    /** @throws dev.sluice.problem.Problem as {@link Definitions#elsewhere} does, where there is no file here */
    @Override
    public Optional<Job> find(String name) {
        return isHere(folder, name) ? folder.find(name) : elsewhere(name);
    }

    /** Whether a file has this job, or its mistakes. */
    private static boolean isHere(Jobs folder, String name) {
        return folder.find(name).isPresent()
                || folder.files().stream()
                        .anyMatch(f -> f.job().isEmpty() && f.stem().equals(name));
    }

    @Override
    public Optional<Job> elsewhere(String name) {
        return others.apply(name);
    }
}
