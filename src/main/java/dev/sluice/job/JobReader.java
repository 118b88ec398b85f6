package dev.sluice.job;

import dev.sluice.problem.Printable;
import dev.sluice.problem.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads a job file: YAML, then the published schema, then what belongs together. All mistakes are told in one go.
 * Whether tables and columns exist is for the database to say, later.
 */
public final class JobReader {
    /** 1 MiB, in bytes; a larger file is not read. */
    public static final int LARGEST_FILE = 1 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(JobReader.class);

    private final CronCheck cron;
    private final JobSchema schema = new JobSchema();

    /** @param cron says whether a cron expression can be used */
    public JobReader(CronCheck cron) {
        this.cron = cron;
    }

    /** The JSON Schema of a job file, for editors; {@link #read} checks with it, and then further. */
    public static String schema() {
        return JobSchema.text();
    }

    /**
     * Reads a file that a person names.
     *
     * @param path how mistakes name it
     * @param file where it is; links are followed
     * @return a job, or at least one mistake; a file that cannot be read is one, too
     */
    public JobFile read(String path, Path file) {
        try {
            return read(path, FileContent.of(file));
        } catch (IOException e) {
            return unreadable(path, e);
        }
    }

    /**
     * Reads a file of a jobs folder.
     *
     * @param path how mistakes name it
     * @param folder whatever a link of it leads to must be in there
     * @param file where it is
     * @return a job, or at least one mistake; a file that cannot be read is one, too
     */
    public JobFile read(String path, Path folder, Path file) {
        try {
            return read(path, FileContent.within(folder, file));
        } catch (IOException e) {
            return unreadable(path, e);
        }
    }

    /**
     * Reads a file's bytes, which must be UTF-8 and at most {@link #LARGEST_FILE}.
     *
     * @param path how mistakes name the file
     * @param content all of it
     * @return a job, or at least one mistake
     */
    public JobFile read(String path, byte[] content) {
        if (content.length > LARGEST_FILE) {
            return tooLarge(path);
        }
        try {
            return read(
                    path,
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(content))
                            .toString());
        } catch (CharacterCodingException e) {
            return refused(path, "not-utf8", "the file is not UTF-8 text.", "Save it as UTF-8.");
        }
    }

    /**
     * Reads a file's text.
     *
     * @param path how mistakes name the file
     * @param text all of it
     * @return a job, or at least one mistake
     */
    public JobFile read(String path, String text) {
        if (text.length() > LARGEST_FILE) {
            return tooLarge(path);
        }
        try {
            return understood(path, text);
        } catch (RuntimeException | StackOverflowError e) {
            // no file, whatever is in it, may keep the others from being read
            LOG.error("job file {} could not be read for a fault of Sluice's", Printable.line(path), e);
            return refused(
                    path,
                    "unreadable-file",
                    "it could not be read for a fault of Sluice's ("
                            + e.getClass().getSimpleName() + ").",
                    "Write it more plainly, and please report the fault with the file and the log.");
        }
    }

    private JobFile understood(String path, String text) {
        Mistakes mistakes = new Mistakes(path);
        Optional<JsonNode> root = YamlTree.read(text, mistakes);
        Optional<Job> job = root.flatMap(tree -> {
            schema.check(tree, mistakes);
            return new JobTranslation(tree, mistakes, cron).job();
        });
        return new JobFile(path, job, mistakes.sorted(), mistakes.lines());
    }

    /**
     * Reads {@link Job#definition} back.
     *
     * @param json as a run kept it
     * @return the same job
     * @throws Problem UNPROCESSABLE {@code unreadable-definition} when it is no definition that this version reads
     */
    public static Job fromDefinition(String json) {
        Mistakes mistakes = new Mistakes("the definition a run kept");
        try {
            JsonNode tree = JsonMapper.shared().readTree(json);
            Optional<Job> job = new JobTranslation(tree, mistakes, expression -> Optional.empty()).job();
            if (job.isPresent()) {
                return job.get();
            }
        } catch (RuntimeException | StackOverflowError e) {
            // another version wrote it: whatever it makes of this one stays with this one job
            mistakes.add("", "bad-json", String.valueOf(e.getMessage()), "");
        }
        List<String> reasons = mistakes.sorted().stream().map(Mistake::toString).toList();
        throw new Problem(
                Problem.Kind.UNPROCESSABLE,
                "unreadable-definition",
                "This version cannot read the definition that the run kept: "
                        + (reasons.isEmpty() ? "job or migrate is missing." : String.join(" ", reasons))
                        + " Cancel the run and start a new one.");
    }

    /** Whether {@link #fromDefinition} can. */
    public static boolean canRead(String json) {
        try {
            fromDefinition(json);
            return true;
        } catch (Problem e) {
            return false;
        }
    }

    /** A file whose bytes could not be had. */
    static JobFile unreadable(String path, IOException e) {
        String reason = e instanceof NoSuchFileException
                ? "there is no such file"
                : e instanceof AccessDeniedException
                        ? "permission denied"
                        : e.getMessage() == null ? e.toString() : e.getMessage();
        String fix = e instanceof FileContent.NoFile no
                ? no.fix()
                : "Check the path and its permissions for the user that runs Sluice.";
        return refused(path, "unreadable-file", "cannot be read: " + reason + ".", fix);
    }

    private static JobFile refused(String path, String code, String reason, String fix) {
        return new JobFile(path, Optional.empty(), List.of(new Mistake(path, null, "", code, reason, fix)), Map.of());
    }

    private static JobFile tooLarge(String path) {
        return refused(
                path,
                "too-large",
                "the file has more than " + LARGEST_FILE + " bytes.",
                "A job file holds one job, a few lines.");
    }
}
