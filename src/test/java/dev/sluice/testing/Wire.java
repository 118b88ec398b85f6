package dev.sluice.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/**
 * A wire to a database that can be cut and fixed: every connection breaks, and no new one gets through until then. Or
 * it can be held: nothing gets through, and neither end is told, as where one of them is frozen. Or it can be long.
 */
public final class Wire implements AutoCloseable {
    private final TestPostgres.Fresh end;
    private final ServerSocket door;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile boolean cut;
    private volatile Duration length = Duration.ZERO;
    private volatile CountDownLatch passable = new CountDownLatch(0);

    /** A whole wire to this database. */
    public Wire(TestPostgres.Fresh end) {
        this.end = end;
        try {
            this.door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    /** The database at the other end. */
    public TestPostgres.Fresh through() {
        String path = end.url().substring(end.url().lastIndexOf('/'));
        return new TestPostgres.Fresh(
                "jdbc:postgresql://127.0.0.1:" + door.getLocalPort() + path, end.user(), end.password());
    }

    /** Breaks it. */
    public void cut() {
        cut = true;
        sockets.forEach(Wire::close);
        sockets.clear();
    }

    /** Keeps from now on what either end sends. */
    public void hold() {
        passable = new CountDownLatch(1);
    }

    /** Makes it whole again; what was kept gets through. */
    public void restore() {
        cut = false;
        passable.countDown();
    }

    /**
     * Makes it long.
     *
     * @param oneWay how long what is sent takes from here on
     */
    public void lengthen(Duration oneWay) {
        length = oneWay;
    }

    private void accept() {
        String authority =
                end.url().substring("jdbc:postgresql://".length(), end.url().lastIndexOf('/'));
        int colon = authority.lastIndexOf(':');
        while (!door.isClosed()) {
            try {
                Socket near = door.accept();
                if (cut) {
                    near.close();
                    continue;
                }
                Socket far =
                        new Socket(authority.substring(0, colon), Integer.parseInt(authority.substring(colon + 1)));
                sockets.add(near);
                sockets.add(far);
                Thread.ofVirtual().start(() -> copy(near, far));
                Thread.ofVirtual().start(() -> copy(far, near));
            } catch (IOException e) {
                // closed, or the far end refused: whoever knocked is told by the broken connection
            }
        }
    }

    private void copy(Socket from, Socket to) {
        try (InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            byte[] some = new byte[8192];
            for (int n = in.read(some); n >= 0; n = in.read(some)) {
                passable.await();
                Thread.sleep(length);
                out.write(some, 0, n);
            }
        } catch (IOException | InterruptedException e) {
            // one end is gone, and so the other goes too
        } finally {
            close(from);
            close(to);
            sockets.remove(from);
            sockets.remove(to);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // it is closed
        }
    }

    @Override
    public void close() throws IOException {
        door.close();
        cut();
        passable.countDown();
    }
}
