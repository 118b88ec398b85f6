package dev.sluice.execution;

import static org.awaitility.Awaitility.await;

import dev.sluice.testing.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Sessions of an application, each with one statement that keeps a core busy until this is closed. A loop of short
 * statements would not do: where this JVM is late, its sessions wait for it and are not at work.
 */
final class Burden implements AutoCloseable {
    private static final String NAME = "burden";

    private final TestPostgres.Fresh db;
    private final List<Thread> sessions = new ArrayList<>();

    private Burden(TestPostgres.Fresh db) {
        this.db = db;
    }

    /** Returns when so many sessions are at work. */
    static Burden of(TestPostgres.Fresh db, int sessions) {
        Burden burden = new Burden(db);
        for (int i = 0; i < sessions; i++) {
            burden.sessions.add(Thread.ofVirtual().start(burden::work));
        }
        await().atMost(Duration.ofSeconds(30)).until(() -> burden.atWork() == sessions);
        return burden;
    }

    private void work() {
        try (Connection c = db.connect();
                Statement s = c.createStatement()) {
            s.execute("SET application_name = '" + NAME + "'");
            s.execute("DO $$ BEGIN LOOP NULL; END LOOP; END $$");
        } catch (SQLException e) {
            if (!"57014".equals(e.getSQLState())) {
                throw new IllegalStateException(e);
            }
        }
    }

    private int atWork() {
        return Integer.parseInt(db.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = '" + NAME
                + "' AND state = 'active' AND query LIKE 'DO%'"));
    }

    /** It is gone at once. */
    @Override
    public void close() throws InterruptedException {
        db.run("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = '" + NAME + "'");
        for (Thread session : sessions) {
            session.join();
        }
    }
}
