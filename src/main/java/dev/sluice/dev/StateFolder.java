package dev.sluice.dev;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * Where {@code sluice dev} keeps what has to survive a restart.
 *
 * @param root holds the server's data, its log, and the lock that lets only one instance in
 * @param binaries where the server's programs are unpacked, once per version
 */
public record StateFolder(Path root, Path binaries) {

    /**
     * The user's own, as the platform wants it: {@code $XDG_STATE_HOME/sluice} or {@code ~/.local/state/sluice},
     * {@code ~/Library/Application Support/sluice} on macOS, {@code %LOCALAPPDATA%\sluice} on Windows; where
     * {@code SLUICE_STATE} names a folder, that one.
     *
     * @param environment variables of the process
     */
    public static StateFolder ofUser(Map<String, String> environment) {
        return of(environment, System.getProperty("os.name", ""), Path.of(System.getProperty("user.home", ".")));
    }

    static StateFolder of(Map<String, String> environment, String os, Path home) {
        String named = environment.getOrDefault("SLUICE_STATE", "").strip();
        Path state = named.isEmpty()
                ? stateOf(environment, os.toLowerCase(Locale.ROOT), home).resolve("sluice")
                : Path.of(named).toAbsolutePath();
        return new StateFolder(state.resolve("dev"), state.resolve("postgres"));
    }

    private static Path stateOf(Map<String, String> environment, String os, Path home) {
        if (os.contains("mac")) {
            return home.resolve("Library").resolve("Application Support");
        }
        if (os.contains("windows")) {
            return absoluteOr(
                    environment.get("LOCALAPPDATA"), home.resolve("AppData").resolve("Local"));
        }
        return absoluteOr(
                environment.get("XDG_STATE_HOME"), home.resolve(".local").resolve("state"));
    }

    /** The XDG rule: a relative path counts as none. */
    private static Path absoluteOr(@org.jspecify.annotations.Nullable String path, Path otherwise) {
        return path != null && Path.of(path).isAbsolute() ? Path.of(path) : otherwise;
    }

    /** The server's data. */
    Path data() {
        return root.resolve("data");
    }

    /** Says that {@link #data()} was made to the end. */
    Path complete() {
        return root.resolve("complete");
    }

    /** What the server itself says, since its last start. */
    Path log() {
        return root.resolve("postgres.log");
    }

    /** Held by the one instance that runs. */
    Path lock() {
        return root.resolve("lock");
    }
}
