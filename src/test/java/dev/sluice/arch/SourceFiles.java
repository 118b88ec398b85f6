package dev.sluice.arch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What ArchUnit cannot see: the files themselves. */
record SourceFiles(Path root) {
    /** Lines of a file at the very most. */
    static final int MOST_LINES = 350;

    List<String> tooLong() throws IOException {
        List<String> found = new ArrayList<>();
        for (Path file : files()) {
            int lines = Files.readAllLines(file).size();
            if (lines > MOST_LINES) {
                found.add(root.relativize(file) + " has " + lines + " lines, over " + MOST_LINES);
            }
        }
        return found;
    }

    List<String> packagesWithoutNullMarked() throws IOException {
        List<String> found = new ArrayList<>();
        for (Path folder :
                files().stream().map(Path::getParent).distinct().sorted().toList()) {
            Path info = folder.resolve("package-info.java");
            if (!Files.exists(info)) {
                found.add(root.relativize(folder) + " has no package-info.java");
                continue;
            }
            String text = Files.readString(info);
            if (!text.contains("\n@NullMarked\n")) {
                found.add(root.relativize(info) + " lacks @NullMarked");
            }
            if (!text.startsWith("/**")) {
                found.add(root.relativize(info) + " does not say what the room owns");
            }
        }
        return found;
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(file -> file.toString().endsWith(".java"))
                    .sorted()
                    .toList();
        }
    }
}
