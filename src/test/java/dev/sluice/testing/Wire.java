package dev.sluice.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A wire to a database that can be cut and mended: every connection breaks, and no new one gets through until then. */
public final class Wire implements AutoCloseable {
    private final TestPostgres.Fresh end;
    private final ServerSocket door;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile boolean cut;

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

    /** Makes it whole again. */
    public void mend() {
        cut = false;
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
            in.transferTo(out);
        } catch (IOException e) {
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
    }
}
