package dev.sluice.job;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** The bytes of a job file, of which no sort of file makes the reader wait or shows what lies elsewhere. */
final class FileContent {
    private FileContent() {}

    /** Thrown for what stands in the folder under the name of a job file, and is none. */
    static final class NoFile extends IOException {
        private static final long serialVersionUID = 1;
        private final String fix;

        NoFile(String reason, String fix) {
            super(reason);
            this.fix = fix;
        }

        /** What to do about it. */
        String fix() {
            return fix;
        }
    }

    /**
     * Of a file that a person names; links are followed.
     *
     * @return all of it, or one byte more than {@link JobReader#LARGEST_FILE}
     * @throws IOException where it cannot be read, or is a folder, pipe, socket or device
     */
    static byte[] of(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new NoFile("it is a folder, and subfolders are not looked at", "Move its files up, or rename it.");
        }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new NoFile("it is a pipe, a socket or a device, and no file", "Put a file there, or rename it.");
        }
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(JobReader.LARGEST_FILE + 1);
        }
    }

    /**
     * Of a file of a folder: a link is followed inside the folder alone, as Kubernetes mounts a ConfigMap. Tries twice:
     * such a link may be swapped, and its old target deleted, between finding and opening it.
     *
     * @throws IOException as {@link #of}, and for a link that leads out of the folder
     */
    static byte[] within(Path folder, Path file) throws IOException {
        try {
            return inside(folder, file);
        } catch (NoSuchFileException e) {
            return inside(folder, file);
        }
    }

    private static byte[] inside(Path folder, Path file) throws IOException {
        if (!Files.isSymbolicLink(file)) {
            return of(file);
        }
        Path real = file.toRealPath();
        if (!real.startsWith(folder.toRealPath())) {
            throw new NoFile("it is a link that leads out of the folder", "Put the file itself into the folder.");
        }
        return of(real);
    }
}
