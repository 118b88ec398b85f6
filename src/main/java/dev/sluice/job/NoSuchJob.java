package dev.sluice.job;

import dev.sluice.problem.Problem;
import java.util.List;
import java.util.Map;

/** Says that a job is not there, the same at every door. */
final class NoSuchJob {
    private NoSuchJob() {}

    /**
     * UNPROCESSABLE {@code job-has-mistakes} where a file of this name is broken, else NOT_FOUND {@code unknown-job}.
     */
    static Problem of(String name, List<JobFile> files) {
        for (JobFile file : files) {
            if (file.job().isEmpty() && stem(file.path()).equals(name)) {
                return broken(name, file);
            }
        }
        List<String> known = files.stream()
                .flatMap(f -> f.job().stream())
                .map(Job::name)
                .sorted()
                .toList();
        long bad = files.stream().filter(f -> f.job().isEmpty()).count();
        return new Problem(
                Problem.Kind.NOT_FOUND,
                "unknown-job",
                "There is no job \"" + name + "\". "
                        + (known.isEmpty() ? "There is none at all." : "Known: " + String.join(", ", known) + ".")
                        + (bad == 0
                                ? ""
                                : " Files with mistakes: " + bad + "; `sluice status` and GET /api/v1/jobs tell them.")
                        + " Fix the name, or add a file that says `job: " + name + "` to the worker's jobs folder.",
                Map.of("job", name, "known", known));
    }

    private static Problem broken(String name, JobFile file) {
        List<String> mistakes = file.mistakes().stream().map(Mistake::toString).toList();
        return new Problem(
                Problem.Kind.UNPROCESSABLE,
                "job-has-mistakes",
                "Job \"" + name + "\" is not offered: " + file.path() + " has " + mistakes.size()
                        + (mistakes.size() == 1 ? " mistake. " : " mistakes. ") + String.join(" ", mistakes)
                        + " Fix the file; `sluice validate` checks it without a worker.",
                Map.of("job", name, "file", file.path(), "mistakes", mistakes));
    }

    private static String stem(String path) {
        String file = path.substring(path.lastIndexOf('/') + 1);
        int dot = file.lastIndexOf('.');
        return dot < 0 ? file : file.substring(0, dot);
    }
}
