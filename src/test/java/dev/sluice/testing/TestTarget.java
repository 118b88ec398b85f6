package dev.sluice.testing;

import dev.sluice.batch.Batches;
import dev.sluice.batch.RowWork;
import dev.sluice.checkpoint.Checkpoints;
import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.Claims;
import dev.sluice.checkpoint.DesiredState;
import dev.sluice.checkpoint.PartitionId;
import dev.sluice.checkpoint.Pass;
import dev.sluice.checkpoint.Tuning;
import dev.sluice.database.Database;
import dev.sluice.database.DatabaseSettings;
import dev.sluice.database.OwnSchema;
import dev.sluice.database.SessionDefaults;
import dev.sluice.job.Shape;
import dev.sluice.partition.Ranges;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableFacts;
import dev.sluice.table.TableInspection;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** A database with rows, checkpoints and mandates, without anything that carries runs: the tests make each batch. */
public final class TestTarget implements AutoCloseable {
    /** One is added to {@code n} of every row: whoever changes a row twice or never is found out. */
    public static final RowWork PLUS_ONE = new RowWork.Change(set("n", "n + 1"), Optional.empty());

    private final TestPostgres.Fresh fresh;
    private final Database database;

    private TestTarget(TestPostgres.Fresh fresh, Database database) {
        this.fresh = fresh;
        this.database = database;
    }

    /**
     * On a fresh database.
     *
     * @param lockTimeout of its sessions
     */
    public static TestTarget create(Duration lockTimeout) {
        TestPostgres.Fresh fresh = TestPostgres.create();
        var d = DatabaseSettings.of("main", fresh.url(), fresh.user(), fresh.password());
        Database database = Database.open(new DatabaseSettings(
                d.name(),
                d.url(),
                d.user(),
                d.password(),
                d.poolSize(),
                lockTimeout,
                d.statementTimeout(),
                d.idleInTransactionTimeout(),
                d.transactionTimeout(),
                d.analyzeTimeout(),
                d.connectTimeout(),
                d.socketTimeout()));
        OwnSchema.migrate(database, false);
        return new TestTarget(fresh, database);
    }

    /** {@code set: {column: expression}}. */
    public static Shape.Set set(String column, String expression) {
        return new Shape.Set(new LinkedHashMap<>(Map.of(column, expression)));
    }

    /** For making tables and looking at them. */
    public TestPostgres.Fresh db() {
        return fresh;
    }

    /** As a worker has it. */
    public Database database() {
        return database;
    }

    public Checkpoints checkpoints() {
        return new Checkpoints(database);
    }

    public DesiredState mandate() {
        return new DesiredState(database);
    }

    /** A table of schema {@code public}, walked by its primary key. */
    public TableFacts facts(String table) {
        return TableInspection.inspect(database, new TableName("public", table), List.of());
    }

    /** A run that is wanted running and has no pass yet. */
    public UUID mandated() {
        UUID run = UUID.randomUUID();
        mandate()
                .create(
                        run,
                        "job",
                        "fingerprint",
                        new Tuning(100, 1000, null),
                        database.identity(),
                        SessionDefaults.noted("public", "UTC"));
        return run;
    }

    /** A run whose first pass over the table has begun. */
    public UUID begun(TableFacts facts) {
        UUID run = mandated();
        begin(run, facts);
        return run;
    }

    /** Begins the first pass of a run. */
    public void begin(UUID run, TableFacts facts) {
        checkpoints().begin(run, 0, Pass.Kind.MIGRATE, null, Ranges.of(database, facts, 1), 1);
    }

    /** A fresh claim on the first open partition of the first pass. */
    public Claim claim(UUID run) {
        return claims(run).claim(open(run).getFirst()).orElseThrow();
    }

    /** The hands of the run's one lane. */
    public Claims claims(UUID run) {
        return assumed(new Claims(database, run, 0, "test"));
    }

    /** The hands of a carrier that has just taken its lane. */
    public static Claims assumed(Claims claims) {
        claims.assume();
        return claims;
    }

    /** The partitions of the first pass that are not done, in order. */
    public List<PartitionId> open(UUID run) {
        return database.sql()
                .fetch(
                        "SELECT partition FROM sluice.checkpoint WHERE run_id = ? AND pass = 0 AND NOT done ORDER BY partition",
                        run)
                .map(r -> new PartitionId(run, 0, r.get(0, Integer.class)));
    }

    /** Batches that add one to {@code n}. */
    public Batches batches(TableFacts facts) {
        return new Batches(database, PLUS_ONE, facts);
    }

    @Override
    public void close() {
        database.close();
    }
}
