package dev.sluice.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jooq.tools.jdbc.DefaultConnection;

/**
 * Refuses a connection to a thread that does not keep to the {@link PoolOrder}. A check for tests, which switch it on
 * by the system property {@value #SWITCH}: what it refuses does no harm while the pools are large and idle, and so no
 * other test would find it.
 */
final class OrderedConnections extends DelegatingSource {
    static final String SWITCH = "sluice.check-connection-order";

    private static final ConcurrentHashMap<Thread, List<Held>> HELD = new ConcurrentHashMap<>();

    private final String name;
    private final PoolOrder order;

    private OrderedConnections(DataSource connections, String name, PoolOrder order) {
        super(connections);
        this.name = name;
        this.order = order;
    }

    /** The same connections, checked where the check is switched on. */
    static DataSource checked(DataSource connections, String name, PoolOrder order) {
        return Boolean.getBoolean(SWITCH) ? new OrderedConnections(connections, name, order) : connections;
    }

    @Override
    public Connection getConnection() throws SQLException {
        Thread asking = Thread.currentThread();
        List<Held> held = HELD.getOrDefault(asking, List.of());
        for (Held first : held) {
            if (first.order().compareTo(order) >= 0) {
                throw new IllegalStateException(
                        "Thread " + asking.getName() + " has a connection of " + first.name() + " and asks for one of "
                                + name + ". With pools in use that waits for itself: hand the connection on"
                                + " (Database.on), or take the first one from Databases.aroundTargets().",
                        first.taken);
            }
        }
        Held connection = new Held(delegate().getConnection(), asking);
        HELD.merge(asking, List.of(connection), OrderedConnections::together);
        return connection;
    }

    /**
     * Forgets what a thread has, as a test does at its end.
     *
     * @return where each connection was taken that it has not given back
     */
    static List<Throwable> forget(Thread holder) {
        List<Held> held = HELD.remove(holder);
        return held == null ? List.of() : held.stream().map(h -> h.taken).toList();
    }

    private static List<Held> together(List<Held> some, List<Held> others) {
        return Stream.concat(some.stream(), others.stream()).toList();
    }

    /** Knows whose it is, since another thread may give it back. */
    private final class Held extends DefaultConnection {
        private final Thread holder;
        private final Throwable taken = new Throwable("the first one was taken here");

        Held(Connection connection, Thread holder) {
            super(connection);
            this.holder = holder;
        }

        PoolOrder order() {
            return order;
        }

        String name() {
            return name;
        }

        @Override
        public void close() throws SQLException {
            HELD.computeIfPresent(holder, (t, before) -> without(before));
            super.close();
        }

        @SuppressWarnings("NullAway") // the map takes null for nothing left
        private List<Held> without(List<Held> before) {
            List<Held> after = before.stream().filter(h -> h != this).toList();
            return after.isEmpty() ? null : after;
        }
    }
}
