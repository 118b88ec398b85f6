package dev.sluice.throttle;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;

/** A signal somebody chose: read on a thread of its own, so that a slow answer delays no other signal. */
public non-sealed interface RemoteSource extends Source {
    /**
     * Reads it.
     *
     * @return what was measured, as level of the measure {@code limit}
     * @throws IOException when it cannot be read now; the message is shown to people and holds no secret
     * @throws SQLException likewise
     * @throws InterruptedException when asked to stop
     */
    List<Measurement> read() throws IOException, SQLException, InterruptedException;
}
