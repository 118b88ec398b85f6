package dev.sluice.database;

import java.sql.Connection;
import java.sql.SQLException;
import org.jooq.tools.jdbc.DefaultConnection;
import org.jooq.tools.jdbc.SingleConnectionDataSource;

/**
 * A connection that somebody else has from the pool and gives back to it. Closed, it stays open, and is left as the
 * pool would leave it: what is uncommitted is rolled back, and it is in auto-commit mode.
 */
final class BorrowedConnection extends DefaultConnection {
    private BorrowedConnection(Connection lender) {
        super(lender);
    }

    /** Gives this one connection whenever it is asked; for one thread, and for one use after the other. */
    static SingleConnectionDataSource source(Connection connection) {
        return new SingleConnectionDataSource(connection) {
            @Override
            public Connection getConnection() {
                return new BorrowedConnection(connection);
            }
        };
    }

    @Override
    public void close() throws SQLException {
        if (!getAutoCommit()) {
            rollback();
            setAutoCommit(true);
        }
    }
}
