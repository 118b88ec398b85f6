package dev.sluice.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.jooq.tools.jdbc.DefaultConnection;

/**
 * Refuses a connection to a thread that does not keep to the {@link PoolOrder}. A check for tests, which switch it on
 * by the system property {@value #SWITCH}: what it refuses does no harm while the pools are large and idle, and so no
 * other test would find it.
 */
final class OrderedConnections extends DelegatingSource {
    static final String SWITCH = "sluice.check-connection-order";

    private static final ConcurrentHashMap<Thread, List<OrderedConnections>> HELD = new ConcurrentHashMap<>();

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
        List<OrderedConnections> held = HELD.getOrDefault(asking, List.of());
        if (held.stream().anyMatch(h -> h.order.compareTo(order) >= 0)) {
            throw new IllegalStateException("Thread " + asking.getName() + " has a connection of "
                    + held.stream().map(h -> h.name).collect(Collectors.joining(", ")) + " and asks for one of " + name
                    + ". With pools in use that waits for itself: hand the connection on (Database.on), or take the first"
                    + " one from Databases.aroundTargets().");
        }
        Connection connection = delegate().getConnection();
        HELD.compute(asking, (t, before) -> with(before == null ? List.of() : before));
        return new Held(connection, asking);
    }

    private List<OrderedConnections> with(List<OrderedConnections> before) {
        List<OrderedConnections> after = new ArrayList<>(before);
        after.add(this);
        return after;
    }

    /** Knows whose it is, since another thread may give it back. */
    private final class Held extends DefaultConnection {
        private final Thread holder;
        private boolean over;

        Held(Connection connection, Thread holder) {
            super(connection);
            this.holder = holder;
        }

        @Override
        public void close() throws SQLException {
            synchronized (this) {
                if (!over) {
                    over = true;
                    HELD.computeIfPresent(holder, (t, before) -> without(before));
                }
            }
            super.close();
        }

        @SuppressWarnings("NullAway") // the map takes null for nothing left
        private List<OrderedConnections> without(List<OrderedConnections> before) {
            List<OrderedConnections> after = new ArrayList<>(before);
            after.remove(OrderedConnections.this);
            return after.isEmpty() ? null : after;
        }
    }
}
