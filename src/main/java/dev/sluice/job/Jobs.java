package dev.sluice.job;

import dev.sluice.problem.Problem;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** The jobs there are at the moment: the folder of job files, as last read, and what other workers may add to it. */
public interface Jobs {

    /** Every file, good or bad, sorted by path. */
    List<JobFile> files();

    /** The jobs of the files without mistakes. */
    default List<Job> good() {
        return files().stream().flatMap(f -> f.job().stream()).toList();
    }

    /** The job of this name, if a file without mistakes defines it. */
    default Optional<Job> find(String name) {
        return good().stream().filter(j -> j.name().equals(name)).findFirst();
    }

    /** The job of this name as another live worker has it, whatever the files here say of it. */
    default Optional<Job> elsewhere(String name) {
        return Optional.empty();
    }

    /** The same jobs, for whoever asks for several: what other workers hold of these is read at once. */
    default Jobs among(Collection<String> names) {
        return this;
    }

    /** The refusal where {@link #find} finds nothing: there is no such job, or its file has mistakes. */
    default Problem missing(String name) {
        return NoSuchJob.of(name, files());
    }
}
