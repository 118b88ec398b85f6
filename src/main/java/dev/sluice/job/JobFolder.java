package dev.sluice.job;

import dev.sluice.problem.Printable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of job files, {@code *.yaml} and {@code *.yml}, without its subfolders and hidden files.
 *
 * <p>Nothing is known until the first {@link #refresh}. Each one reads every file's bytes, which a job folder is small
 * enough for, and so sees a change however it was made: by an editor, by a rename, or by the swap of a link as
 * Kubernetes does it. Only a file whose bytes differ is parsed again. A link that leads out of the folder is not
 * followed. May be used by several threads.
 */
public final class JobFolder implements Jobs {
    private static final Logger LOG = LoggerFactory.getLogger(JobFolder.class);

    private static final String NO_FOLDER = "no-folder";

    private final Path folder;
    private final JobReader reader;
    private final SortedMap<String, Read> known = new TreeMap<>();
    private final Set<Mistake> told = new HashSet<>();
    private volatile List<JobFile> files = List.of();

    /** A file as last read; the digest of its bytes is empty where they could not be had. */
    private record Read(Optional<ByteBuffer> digest, JobFile file) {}

    /**
     * @param folder need not exist yet
     * @param reader reads each file
     */
    public JobFolder(Path folder, JobReader reader) {
        this.folder = folder;
        this.reader = reader;
    }

    /**
     * Every file as last read, good or bad, sorted by path. Where the folder itself cannot be read there is one entry,
     * named like the folder, that says so.
     */
    @Override
    public List<JobFile> files() {
        return files;
    }

    /** Why the folder could not be read the last time, which anybody may read; empty where it could. */
    public Optional<String> unreadable() {
        return files.stream()
                .flatMap(f -> f.mistakes().stream())
                .filter(m -> m.code().equals(NO_FOLDER))
                .findFirst()
                .map(m -> "the jobs folder is missing or cannot be read");
    }

    /**
     * Reads what changed. Mistakes that are new are logged, each once. Never fails: what cannot be read is a mistake.
     *
     * @return the difference to the last time
     */
    public synchronized FolderChange refresh() {
        Map<String, Job> before = offered();
        files = look();
        tell();
        return difference(before, offered());
    }

    private List<JobFile> look() {
        SortedMap<String, Path> found = new TreeMap<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, JobFolder::isJobFile)) {
            entries.forEach(entry -> found.put(entry.getFileName().toString(), entry));
        } catch (IOException | RuntimeException e) {
            known.clear();
            return List.of(noFolder(e));
        }
        known.keySet().retainAll(found.keySet());
        found.forEach(this::read);
        return withoutDoubles(known.values().stream().map(Read::file).toList());
    }

    private void read(String name, Path path) {
        try {
            byte[] content = FileContent.within(folder, path);
            Optional<ByteBuffer> digest = Optional.of(digest(content));
            Read last = known.get(name);
            if (last == null || !last.digest().equals(digest)) {
                known.put(name, new Read(digest, reader.read(name, content)));
            }
        } catch (NoSuchFileException e) {
            if (Files.isSymbolicLink(path)) {
                known.put(name, new Read(Optional.empty(), JobReader.unreadable(name, e)));
            } else {
                known.remove(name);
            }
        } catch (IOException e) {
            known.put(name, new Read(Optional.empty(), JobReader.unreadable(name, e)));
        } catch (RuntimeException e) {
            known.put(name, new Read(Optional.empty(), JobReader.unreadable(name, new IOException(e.toString(), e))));
        }
    }

    /** What stands for the bytes: many large files would fill the memory. */
    private static ByteBuffer digest(byte[] content) {
        try {
            return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Two files that define the same job are both refused: nobody can know which one is meant. */
    private static List<JobFile> withoutDoubles(List<JobFile> files) {
        Map<String, List<String>> definedBy = files.stream()
                .filter(f -> f.job().isPresent())
                .collect(Collectors.groupingBy(
                        f -> f.job().get().name(),
                        TreeMap::new,
                        Collectors.mapping(JobFile::path, Collectors.toList())));
        List<JobFile> checked = new ArrayList<>();
        for (JobFile file : files) {
            List<String> others =
                    file.job().map(j -> definedBy.getOrDefault(j.name(), List.of())).orElse(List.of()).stream()
                            .filter(p -> !p.equals(file.path()))
                            .toList();
            checked.add(others.isEmpty() ? file : doubled(file, others));
        }
        return List.copyOf(checked);
    }

    private static JobFile doubled(JobFile file, List<String> others) {
        String name = file.job().map(Job::name).orElse("");
        Mistake mistake = new Mistake(
                file.path(),
                file.lines().get("job"),
                "job",
                "duplicate-job",
                "the job " + name + " is also defined in " + String.join(", ", others) + ".",
                "Give one of them another name, or delete it; until then none of them is offered.");
        return new JobFile(file.path(), Optional.empty(), List.of(mistake), file.lines());
    }

    private void tell() {
        Set<Mistake> now = files.stream().flatMap(f -> f.mistakes().stream()).collect(Collectors.toSet());
        files.stream()
                .flatMap(f -> f.mistakes().stream())
                .filter(m -> !told.contains(m))
                .forEach(m -> LOG.warn("job file {}", m));
        told.stream()
                .filter(m -> !now.contains(m))
                .map(Mistake::file)
                .distinct()
                .filter(f -> now.stream().noneMatch(m -> m.file().equals(f)))
                .forEach(f -> LOG.info("job file {}: no mistakes any more", Printable.line(f)));
        told.clear();
        told.addAll(now);
    }

    private Map<String, Job> offered() {
        return files.stream().flatMap(f -> f.job().stream()).collect(Collectors.toMap(Job::name, j -> j));
    }

    private static FolderChange difference(Map<String, Job> before, Map<String, Job> now) {
        SortedSet<String> added = new TreeSet<>(now.keySet());
        added.removeAll(before.keySet());
        SortedSet<String> removed = new TreeSet<>(before.keySet());
        removed.removeAll(now.keySet());
        SortedSet<String> changed = new TreeSet<>();
        SortedSet<String> unchanged = new TreeSet<>();
        now.forEach((name, job) -> {
            if (before.containsKey(name)) {
                (job.equals(before.get(name)) ? unchanged : changed).add(name);
            }
        });
        return new FolderChange(added, changed, removed, unchanged);
    }

    private JobFile noFolder(Exception e) {
        String reason = e instanceof NoSuchFileException
                ? "there is no such folder."
                : e instanceof NotDirectoryException ? "it is not a folder." : "the folder cannot be read: " + e + ".";
        Mistake mistake = new Mistake(
                folder.toString(),
                null,
                "",
                NO_FOLDER,
                reason,
                "Create the folder and put job files into it, or point SLUICE_JOBS at the right one.");
        return new JobFile(folder.toString(), Optional.empty(), List.of(mistake), Map.of());
    }

    private static boolean isJobFile(Path path) {
        String name = path.getFileName().toString();
        return !name.startsWith(".") && (name.endsWith(".yaml") || name.endsWith(".yml"));
    }
}
