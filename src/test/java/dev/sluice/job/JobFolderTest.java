package dev.sluice.job;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Real files that come, change and go. */
class JobFolderTest {
    @TempDir
    private Path folder;

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private JobFolder jobs = new JobFolder(Path.of("unused"), new JobReader(cron -> Optional.empty()));

    @BeforeEach
    void open() {
        jobs = new JobFolder(folder, new JobReader(cron -> Optional.empty()));
        log.start();
        ((Logger) LoggerFactory.getLogger(JobFolder.class)).addAppender(log);
    }

    @AfterEach
    void close() {
        ((Logger) LoggerFactory.getLogger(JobFolder.class)).detachAppender(log);
    }

    private static String yaml(String name, String where) {
        return "job: " + name + "\nmigrate:\n  table: t\n  delete: true\n  where: " + where + "\n";
    }

    private void write(String file, String text) throws IOException {
        Files.writeString(folder.resolve(file), text);
    }

    private static FolderChange change(
            List<String> added, List<String> changed, List<String> removed, List<String> unchanged) {
        return new FolderChange(sorted(added), sorted(changed), sorted(removed), sorted(unchanged));
    }

    private static SortedSet<String> sorted(List<String> names) {
        return new TreeSet<>(names);
    }

    private static final List<String> NONE = Collections.emptyList();

    @Test
    void filesThatComeChangeAndGoAreTakenUp() throws IOException {
        assertThat(jobs.files()).isEmpty();
        write("a.yaml", yaml("a", "x"));
        write("b.yml", yaml("b", "x"));
        write("c.txt", "not a job");
        write(".hidden.yaml", "{");
        Files.createDirectory(folder.resolve("d.yaml"));
        assertThat(jobs.refresh()).isEqualTo(change(List.of("a", "b"), NONE, NONE, NONE));
        assertThat(jobs.files()).extracting(JobFile::path).containsExactly("a.yaml", "b.yml", "d.yaml");
        assertThat(jobs.files().getLast().mistakes())
                .singleElement()
                .satisfies(m -> assertThat(m.reason()).contains("it is a folder"));

        assertThat(jobs.refresh()).isEqualTo(change(NONE, NONE, NONE, List.of("a", "b")));
        assertThat(jobs.refresh().isEmpty()).isTrue();

        write("a.yaml", yaml("a", "y"));
        Files.delete(folder.resolve("b.yml"));
        write("e.yaml", yaml("e", "x"));
        FolderChange change = jobs.refresh();
        assertThat(change).isEqualTo(change(List.of("e"), List.of("a"), List.of("b"), NONE));
        assertThat(change.isEmpty()).isFalse();
        assertThat(jobs.find("a").orElseThrow().migrate().where()).contains("y");
        assertThat(jobs.find("b")).isEmpty();
    }

    @Test
    void aCommentChangesNothing() throws IOException {
        write("a.yaml", yaml("a", "x"));
        jobs.refresh();
        write("a.yaml", "# why\n" + yaml("a", "x"));
        assertThat(jobs.refresh()).isEqualTo(change(NONE, NONE, NONE, List.of("a")));
        assertThat(jobs.files().get(0).lines()).containsEntry("job", 2);
    }

    @Test
    void aChangeOfEqualSizeAndTimeIsSeen() throws IOException {
        write("a.yaml", yaml("a", "x"));
        FileTime time = Files.getLastModifiedTime(folder.resolve("a.yaml"));
        jobs.refresh();
        write("a.yaml", yaml("a", "y"));
        Files.setLastModifiedTime(folder.resolve("a.yaml"), time);
        assertThat(jobs.refresh().changed()).containsExactly("a");
    }

    @Test
    void aRenamedFileIsTheSameJob() throws IOException {
        write("a.yaml", yaml("a", "x"));
        jobs.refresh();
        Files.move(folder.resolve("a.yaml"), folder.resolve("z.yaml"));
        assertThat(jobs.refresh()).isEqualTo(change(NONE, NONE, NONE, List.of("a")));
    }

    @Test
    void aBadFileStopsNoOtherAndIsToldOnce() throws IOException {
        write("a.yaml", yaml("a", "x"));
        write("b.yaml", yaml("b", "x"));
        jobs.refresh();
        write("b.yaml", "job: b\nmigrate: {\n");

        assertThat(jobs.refresh()).isEqualTo(change(NONE, NONE, List.of("b"), List.of("a")));
        jobs.refresh();
        assertThat(jobs.files()).hasSize(2);
        assertThat(jobs.files().get(1).mistakes()).extracting(Mistake::code).containsExactly("bad-yaml");
        assertThat(log.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .singleElement()
                .asString()
                .startsWith("job file b.yaml:3: not YAML");

        write("b.yaml", yaml("b", "x"));
        assertThat(jobs.refresh().added()).containsExactly("b");
        assertThat(log.list).last().asString().contains("b.yaml: no mistakes any more");
        write("b.yaml", "job: b\nmigrate: {\n");
        jobs.refresh();
        assertThat(log.list).hasSize(3);
    }

    @Test
    void twoFilesOfOneJobAreBothRefused() throws IOException {
        write("a.yaml", "# first\n" + yaml("a", "x"));
        jobs.refresh();
        write("b.yaml", yaml("a", "y"));

        assertThat(jobs.refresh().removed()).containsExactly("a");
        assertThat(jobs.find("a")).isEmpty();
        assertThat(jobs.files())
                .flatExtracting(JobFile::mistakes)
                .extracting(Mistake::toString)
                .satisfiesExactly(
                        first -> assertThat(first)
                                .startsWith("a.yaml:2: job: the job a is also defined in b.yaml. Fix: Give"),
                        second -> assertThat(second)
                                .startsWith("b.yaml:1: job: the job a is also defined in a.yaml. Fix: Give"));

        Files.delete(folder.resolve("a.yaml"));
        assertThat(jobs.refresh().added()).containsExactly("a");
        assertThat(jobs.find("a").orElseThrow().migrate().where()).contains("y");
    }

    @Test
    void aMissingFolderIsToldAndTakenUpWhenItComes() throws IOException {
        Path later = folder.resolve("later");
        jobs = new JobFolder(later, new JobReader(cron -> Optional.empty()));
        assertThat(jobs.refresh().isEmpty()).isTrue();
        jobs.refresh();
        assertThat(jobs.files())
                .singleElement()
                .satisfies(f -> assertThat(f.mistakes()).singleElement().satisfies(m -> {
                    assertThat(m.code()).isEqualTo("no-folder");
                    assertThat(m)
                            .hasToString(later
                                    + ": there is no such folder. Fix: Create the folder and put job files"
                                    + " into it, or point SLUICE_JOBS at the right one.");
                }));
        assertThat(log.list).hasSize(1);

        Files.createDirectory(later);
        Files.writeString(later.resolve("a.yaml"), yaml("a", "x"));
        assertThat(jobs.refresh().added()).containsExactly("a");
        assertThat(jobs.files()).hasSize(1);
    }

    @Test
    void aFileInPlaceOfTheFolderIsTold() throws IOException {
        write("a.yaml", yaml("a", "x"));
        jobs = new JobFolder(folder.resolve("a.yaml"), new JobReader(cron -> Optional.empty()));
        jobs.refresh();
        assertThat(jobs.files().get(0).mistakes()).singleElement().asString().contains("it is not a folder.");
    }

    /**
     * A ConfigMap volume: files are links through {@code ..data}, which is swapped for another folder at one stroke.
     */
    @Test
    void theSwapOfALinkedFolderIsSeen() throws IOException {
        Files.createDirectory(folder.resolve("..v1"));
        Files.writeString(folder.resolve("..v1/a.yaml"), yaml("a", "x"));
        Files.createSymbolicLink(folder.resolve("..data"), Path.of("..v1"));
        Files.createSymbolicLink(folder.resolve("a.yaml"), Path.of("..data/a.yaml"));
        assertThat(jobs.refresh().added()).containsExactly("a");

        Files.createDirectory(folder.resolve("..v2"));
        Files.writeString(folder.resolve("..v2/a.yaml"), yaml("a", "y"));
        Files.setLastModifiedTime(
                folder.resolve("..v2/a.yaml"), Files.getLastModifiedTime(folder.resolve("..v1/a.yaml")));
        Files.createSymbolicLink(folder.resolve("..tmp"), Path.of("..v2"));
        Files.move(
                folder.resolve("..tmp"),
                folder.resolve("..data"),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        assertThat(jobs.refresh().changed()).containsExactly("a");

        Files.delete(folder.resolve("..v2/a.yaml"));
        assertThat(jobs.refresh().removed()).containsExactly("a");
        assertThat(jobs.files().get(0).mistakes()).extracting(Mistake::code).containsExactly("unreadable-file");
    }

    @Test
    void aLargeFileIsRefusedAndASpecialOneNotWaitedFor() throws IOException, InterruptedException {
        write("a.yaml", "#".repeat(JobReader.LARGEST_FILE + 1));
        int made = new ProcessBuilder("mkfifo", folder.resolve("b.yaml").toString())
                .start()
                .waitFor();
        assertThat(made).isZero();
        jobs.refresh();
        assertThat(jobs.files())
                .flatExtracting(JobFile::mistakes)
                .extracting(Mistake::code)
                .containsExactly("too-large", "unreadable-file");
    }
}
