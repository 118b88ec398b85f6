package dev.sluice.throttle;

import com.fasterxml.jackson.core.JsonPointer;
import dev.sluice.database.Database;
import dev.sluice.job.CustomSignal;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;

/** Makes the sources of the signals that job files define themselves. */
public final class CustomSources {
    private CustomSources() {}

    /**
     * The source of a signal. Those of the same signal are equal, whatever the limit, with the same database and the
     * same {@code fetch}.
     *
     * @param signal as the job file has it
     * @param database the job's
     * @param fetch the worker's
     */
    public static RemoteSource of(CustomSignal signal, Database database, Fetch fetch) {
        return switch (signal) {
            case CustomSignal.Sql sql -> source(sql, database);
            case CustomSignal.Http http ->
                new HttpSource(http.name(), http.url(), http.pointer().map(JsonPointer::compile), http.every(), fetch);
            case CustomSignal.Prometheus prometheus ->
                new PrometheusSource(
                        prometheus.name(), prometheus.url(), prometheus.query(), prometheus.every(), fetch);
        };
    }

    /**
     * Reads a query's number once, as the sampler would.
     *
     * @throws UnusableSignalException when the query gives something else, whatever the data is
     * @throws IOException when it gives none now
     * @throws SQLException when the server refuses it, or the database does not answer; the message holds no values of
     *     rows
     */
    public static List<Measurement> readOnce(CustomSignal.Sql signal, Database database)
            throws IOException, SQLException {
        return source(signal, database).read();
    }

    private static SqlSource source(CustomSignal.Sql sql, Database database) {
        return new SqlSource(sql.name(), sql.query(), sql.every(), database);
    }
}
