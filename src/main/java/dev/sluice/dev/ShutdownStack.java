package dev.sluice.dev;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;

/**
 * Ends what was begun, last things first, once: when the block is left, or on Ctrl-C or SIGTERM, whichever comes first.
 * What a JVM killed with -9 leaves behind is ended by the next start.
 */
final class ShutdownStack implements AutoCloseable {
    private final Deque<AutoCloseable> begun = new ArrayDeque<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread hook = new Thread(this::end, "sluice-dev-end");
    private boolean ending;

    ShutdownStack() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Has this ended too. */
    synchronized <T extends AutoCloseable> T add(T part) {
        begun.push(part);
        if (ending) {
            endAll();
        }
        return part;
    }

    /** Whether the end has begun. */
    synchronized boolean isEnding() {
        return ending;
    }

    /** Waits for Ctrl-C or SIGTERM. */
    void await() {
        try {
            ended.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException theJvmIsGoingDown) {
            await(); // the hook is at it
            return;
        }
        end();
    }

    private synchronized void end() {
        ending = true;
        try {
            endAll();
        } finally {
            ended.countDown();
        }
    }

    private void endAll() {
        try {
            while (!begun.isEmpty()) {
                begun.pop().close();
            }
        } catch (Exception e) {
            begun.forEach(ShutdownStack::closeQuietly);
            begun.clear();
            throw new IllegalStateException("could not end cleanly: " + e.getMessage(), e);
        }
    }

    /** After the first failure, which is the one that is told. */
    private static void closeQuietly(AutoCloseable part) {
        try {
            part.close();
        } catch (Exception e) {
            org.slf4j.LoggerFactory.getLogger(ShutdownStack.class).debug("while ending after a failure", e);
        }
    }
}
