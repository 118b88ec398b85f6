package dev.sluice.database;

import dev.sluice.problem.Problem;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Map;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationState;
import org.flywaydb.core.api.exception.FlywayValidateException;
import org.jooq.exception.DataAccessException;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Brings Sluice's own tables, schema {@code sluice}, up to date: those that belong to the rows in every database, those
 * of the control database in one of them.
 */
public final class OwnSchema {
    private OwnSchema() {}

    /**
     * Migrates a database. Several workers may do so at once: Flyway's lock lets one work and the others wait.
     *
     * @param database where
     * @param control whether it also gets the control tables
     * @throws Problem UNAVAILABLE when it does not answer; UNPROCESSABLE {@code schema-newer} when a newer Sluice has
     *     been here; UNPROCESSABLE {@code schema-differs} when another build of the same version has; UNPROCESSABLE
     *     {@code schema-migration-failed} with the reason otherwise
     */
    public static void migrate(Database database, boolean control) {
        migrate(database, "target");
        if (control) {
            migrate(database, "control");
        }
    }

    private static void migrate(Database database, String part) {
        try {
            // behind a pooler a lock has to end with its transaction, since the session is another's afterwards
            boolean pooled = database.pooled();
            Flyway flyway = Flyway.configure(OwnSchema.class.getClassLoader())
                    .dataSource(pooled ? database.forFlyway() : direct(database.settings()))
                    .schemas("sluice")
                    .defaultSchema("sluice")
                    .createSchemas(true)
                    .table("schema_history_" + part)
                    .locations("classpath:db/" + part)
                    .baselineOnMigrate(true)
                    .baselineVersion("0")
                    .configuration(Map.of("flyway.postgresql.transactional.lock", Boolean.toString(pooled)))
                    .load();
            flyway.migrate();
            boolean newer = Arrays.stream(flyway.info().all())
                    .anyMatch(m -> m.getState() == MigrationState.FUTURE_SUCCESS
                            || m.getState() == MigrationState.FUTURE_FAILED);
            if (newer) {
                throw new Problem(
                        Problem.Kind.UNPROCESSABLE,
                        "schema-newer",
                        "Schema sluice in " + database
                                + " was made by a newer Sluice. Start that version, or a newer one.");
            }
        } catch (FlywayValidateException e) {
            throw new Problem(
                    Problem.Kind.UNPROCESSABLE,
                    "schema-differs",
                    "Schema sluice in " + database
                            + " was made by another build of Sluice, with other tables of the same version. Start that build;"
                            + " or, where no run of it is needed any more, drop the schema (DROP SCHEMA sluice CASCADE;"
                            + " `./sluice dev --fresh` for the one of `./sluice dev`).");
        } catch (SQLException | FlywayException e) {
            SqlFailure failure = SqlFailure.in(e).orElse(null);
            if (failure == null || passes(failure.kind())) {
                throw database.unavailable(e);
            }
            throw new Problem(
                    Problem.Kind.UNPROCESSABLE,
                    "schema-migration-failed",
                    "Schema sluice in " + database + " could not be brought up to date: " + failure.whole() + ". "
                            + fix(database, failure.sqlState()),
                    Map.of(Database.SQL_STATE, failure.sqlState()));
        }
    }

    private static DataSource direct(DatabaseSettings settings) {
        var direct = new PGSimpleDataSource();
        direct.setUrl(settings.url());
        direct.setUser(settings.user());
        direct.setPassword(settings.password());
        return direct;
    }

    /** Such as too many connections: the next try may find things otherwise. */
    private static boolean passes(ErrorKind kind) {
        return kind.holds() || kind == ErrorKind.TRANSIENT || kind == ErrorKind.TIMEOUT;
    }

    private static String fix(Database database, String sqlState) {
        String name = database.name();
        return switch (sqlState.substring(0, 2)) {
            case "28" -> "Fix databases." + name + ".user and .password, or the server's pg_hba.conf.";
            case "3D" -> "Create the database, or fix databases." + name + ".url.";
            case "42" -> privileges(database);
            default -> "See the server's log.";
        };
    }

    private static String privileges(Database database) {
        try {
            return SchemaPrivileges.missing(database)
                    .orElse("The role may make tables in schema sluice; see the server's log.");
        } catch (DataAccessException e) {
            throw database.unavailable(e);
        }
    }
}
