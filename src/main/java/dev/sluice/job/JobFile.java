package dev.sluice.job;

import java.util.List;
import java.util.Optional;

/**
 * One file of the jobs folder, as last read.
 *
 * @param path relative to the jobs folder
 * @param job present when there is no mistake in the file
 * @param mistakes in the file; beside a job, what its database says against it
 * @param lines line of each dotted key, for mistakes that are found later against the database
 */
public record JobFile(String path, Optional<Job> job, List<Mistake> mistakes, java.util.Map<String, Integer> lines) {
    public JobFile {
        mistakes = List.copyOf(mistakes);
        lines = java.util.Map.copyOf(lines);
    }

    /** The file's name without folders and ending: the job that a file with mistakes is taken to mean. */
    public String stem() {
        String file = path.substring(path.lastIndexOf('/') + 1);
        int dot = file.lastIndexOf('.');
        return dot < 0 ? file : file.substring(0, dot);
    }
}
