package dev.sluice.dev;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.problem.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Lets one instance at a time use a {@link StateFolder}. The operating system frees the lock when its holder dies, by
 * kill -9 too, so there is never a stale one to remove by hand.
 */
final class OneInstance implements AutoCloseable {
    private final FileChannel channel;

    private OneInstance(FileChannel channel) {
        this.channel = channel;
    }

    /** @throws Problem CONFLICT {@code already-running}, naming the process that holds the folder */
    static OneInstance enter(StateFolder folder) {
        try {
            Files.createDirectories(folder.root());
            FileChannel channel = FileChannel.open(
                    folder.lock(), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            if (tryLock(channel) == null) {
                channel.close();
                throw alreadyRunning(folder);
            }
            Files.writeString(
                    holder(folder), Long.toString(ProcessHandle.current().pid()));
            return new OneInstance(channel);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot use " + folder.root() + ": " + e.getMessage(), e);
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException heldByThisProcess) {
            return null;
        }
    }

    private static Problem alreadyRunning(StateFolder folder) throws IOException {
        Path holder = holder(folder);
        String pid = Files.exists(holder) ? Files.readString(holder, UTF_8).strip() : "unknown";
        return new Problem(
                Problem.Kind.CONFLICT,
                "already-running",
                "`sluice dev` is already running as process " + pid + " on " + folder.root()
                        + ". Use that one, or stop it first with Ctrl-C in its terminal or: kill " + pid);
    }

    /** Beside the lock, since Windows lets nobody read a locked file. */
    private static Path holder(StateFolder folder) {
        return folder.root().resolve("lock.pid");
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
