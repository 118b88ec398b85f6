package dev.sluice.cli;

import dev.sluice.job.Job;
import dev.sluice.job.JobFile;
import dev.sluice.job.JobReader;
import dev.sluice.job.Mistake;
import dev.sluice.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Reads the job files and folders a person names. */
final class JobPlaces {
    private final JobReader reader;

    JobPlaces(JobReader reader) {
        this.reader = reader;
    }

    /**
     * Every job file of the places; of a folder those a worker would read.
     *
     * @throws Problem INVALID {@code no-such-place} for a place that is not there, {@code no-job-files} for a folder
     *     without any
     */
    List<JobFile> read(List<Path> places) {
        var files = new ArrayList<JobFile>();
        for (Path place : places) {
            if (Files.isDirectory(place)) {
                inside(place).forEach(file -> files.add(reader.read(file.toString(), place, file)));
            } else {
                files.add(reader.read(there(place).toString(), place));
            }
        }
        return withoutDoubles(files);
    }

    private static Path there(Path place) {
        if (Files.notExists(place)) {
            throw new Problem(
                    Problem.Kind.INVALID,
                    "no-such-place",
                    "There is no file or folder " + place + ". Name job files or a folder.");
        }
        return place;
    }

    private static List<Path> inside(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            List<Path> files = entries.filter(JobPlaces::isJobFile).sorted().toList();
            if (files.isEmpty()) {
                throw new Problem(
                        Problem.Kind.INVALID,
                        "no-job-files",
                        "There is no job file (*.yaml, *.yml) in the folder " + folder
                                + "; files in its subfolders are not looked at. Name the folder of the job files, or set"
                                + " SLUICE_JOBS.");
            }
            return files;
        } catch (IOException e) {
            throw new Problem(
                    Problem.Kind.INVALID, "no-such-place", "The folder " + folder + " cannot be read: " + e + ".");
        }
    }

    private static boolean isJobFile(Path path) {
        String name = path.getFileName().toString();
        return !name.startsWith(".") && (name.endsWith(".yaml") || name.endsWith(".yml"));
    }

    private static List<JobFile> withoutDoubles(List<JobFile> files) {
        Map<String, List<String>> definedBy = files.stream()
                .filter(f -> f.job().isPresent())
                .collect(Collectors.groupingBy(
                        f -> f.job().map(Job::name).orElse(""),
                        TreeMap::new,
                        Collectors.mapping(JobFile::path, Collectors.toList())));
        return files.stream()
                .map(f -> {
                    String name = f.job().map(Job::name).orElse("");
                    List<String> paths = definedBy.getOrDefault(name, List.of());
                    return paths.size() < 2 ? f : doubled(f, name, paths);
                })
                .toList();
    }

    private static JobFile doubled(JobFile file, String name, List<String> paths) {
        List<String> others = paths.stream().filter(p -> !p.equals(file.path())).toList();
        var mistake = new Mistake(
                file.path(),
                file.lines().get("job"),
                "job",
                "duplicate-job",
                "the job " + name + " is also defined in " + String.join(", ", others) + ".",
                "Give one of them another name, or delete it.");
        return new JobFile(file.path(), Optional.empty(), List.of(mistake), file.lines());
    }
}
