package dev.sluice.throttle;

import dev.sluice.throttle.DatabaseSource.Need;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/**
 * The privilege to see what other roles' sessions do. Without it their rows are there, and empty: a signal would look
 * good and be blind. Superusers and members of {@code pg_monitor} have it.
 */
final class StatsPrivilege {
    private static final Query HELD = new Query("""
            SELECT pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE'),
                   pg_catalog.quote_ident(current_user)""");

    private StatsPrivilege() {}

    /**
     * What is missing, if it is.
     *
     * @param what cannot be seen then, such as {@code how far replicas are}
     */
    static Optional<Need> missing(Connection connection, String what) throws SQLException {
        return HELD.single(
                connection,
                row -> row.getBoolean(1)
                        ? Optional.empty()
                        : Optional.of(new Need(
                                "Role " + row.getString(2) + " may not see " + what + ".",
                                "GRANT pg_read_all_stats TO " + row.getString(2) + ";")));
    }
}
