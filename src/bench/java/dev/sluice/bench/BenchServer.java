package dev.sluice.bench;

import dev.sluice.testing.TestPostgres;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The one PostgreSQL server of a run, set up as a small production server: what it confirms is on disk, and no
 * checkpoint falls into a timed part.
 */
final class BenchServer implements AutoCloseable {
    /** Everything that is not the server's default; autovacuum and full_page_writes stay on. */
    private static final Map<String, String> SETTINGS = new TreeMap<>(Map.of(
            "fsync", "on",
            "full_page_writes", "on",
            "synchronous_commit", "on",
            "shared_buffers", "1GB",
            "max_wal_size", "16GB",
            // WAL files are recycled and not made anew, as on a server that has run for a while
            "min_wal_size", "8GB",
            "checkpoint_timeout", "1h",
            "max_connections", "100"));

    private static final String DATABASE = "bench";

    private final EmbeddedPostgres server;
    private final Map<String, String> settings;

    private BenchServer(EmbeddedPostgres server, Map<String, String> settings) {
        this.server = server;
        this.settings = settings;
    }

    /**
     * Starts one.
     *
     * @param data folder for its data, emptied before
     */
    static BenchServer start(Path data) throws IOException {
        return start(data, Map.of());
    }

    /**
     * Starts one.
     *
     * @param data folder for its data, emptied before
     * @param changes settings that differ from the usual ones, written as {@code SHOW} writes them
     */
    static BenchServer start(Path data, Map<String, String> changes) throws IOException {
        empty(data);
        Map<String, String> settings = new TreeMap<>(SETTINGS);
        settings.putAll(changes);
        var builder = EmbeddedPostgres.builder().setDataDirectory(data).setCleanDataDirectory(true);
        settings.forEach(builder::setServerConfig);
        var server = new BenchServer(builder.start(), settings);
        settings.forEach(server::requireInForce);
        server.makeWal();
        return server;
    }

    /** What a run that was ended by force has left: its files go, its server is for the caller to stop. */
    private static void empty(Path data) throws IOException {
        Path pid = data.resolve("postmaster.pid");
        if (Files.exists(pid)) {
            long process = Long.parseLong(Files.readAllLines(pid).getFirst());
            if (ProcessHandle.of(process).isPresent()) {
                throw new IllegalStateException("process " + process + " is still at work on " + data
                        + ", the server of an earlier run. Fix: stop it (kill " + process + ") and run again.");
            }
        }
        if (Files.exists(data)) {
            try (var files = Files.walk(data)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    /** The server's options have their order; what counts is what it says. */
    private void requireInForce(String setting, String value) {
        String is = database("postgres").value("SHOW " + setting);
        if (!is.equals(value)) {
            throw new IllegalStateException(setting + " is " + is + ", not " + value);
        }
    }

    /** Fills 6 GB of WAL files, so that the first contender finds them made as the others do. */
    private void makeWal() {
        database("postgres")
                .run(
                        "CREATE EXTENSION pg_walinspect",
                        "SELECT pg_logical_emit_message(false, 'bench', repeat('x', 16000000)) FROM generate_series(1, 375)",
                        "CHECKPOINT");
    }

    private TestPostgres.Fresh database(String name) {
        return new TestPostgres.Fresh(
                "jdbc:postgresql://localhost:" + server.getPort() + "/" + name, "postgres", "postgres");
    }

    /** Makes the database whose copies the contenders get, and gives it, for whatever else belongs into it. */
    TestPostgres.Fresh prepare(People people) {
        database("postgres").run("CREATE DATABASE " + people.template());
        TestPostgres.Fresh template = database(people.template());
        people.create(template);
        System.out.printf(
                "made %s: %s bytes a row, %s with its indexes%n",
                people.template(),
                template.value("SELECT sum(pg_relation_size(relid))::bigint / " + people.rows() + " FROM ("
                        + People.RELATIONS + ") AS r"),
                template.value("SELECT pg_size_pretty(" + SIZE + ")"));
        return template;
    }

    /** A database with a pristine copy of the table, in place of the one before; files and statistics are the same. */
    TestPostgres.Fresh restored(People people) {
        database("postgres")
                .run(
                        "DROP DATABASE IF EXISTS " + DATABASE + " WITH (FORCE)",
                        "CREATE DATABASE " + DATABASE + " TEMPLATE " + people.template() + " STRATEGY file_copy");
        return database(DATABASE);
    }

    /** Bytes of the table, or of all its leaves, with indexes and TOAST. */
    static final String SIZE =
            "(SELECT sum(pg_total_relation_size(relid))::bigint FROM (" + People.RELATIONS + ") AS r)";

    /**
     * Bytes of WAL that one batch writes about its checkpoint row, over the last 512 MB or less up to here. Now and
     * then a whole page is among it, so it takes many batches to even that out.
     *
     * @param from where the migrate pass began
     * @param to where it ended
     */
    double checkpointWal(TestPostgres.Fresh database, String from, String to) {
        String table = database.value("SELECT pg_relation_filenode('sluice.checkpoint')");
        String oid = database.value("SELECT oid FROM pg_database WHERE datname = current_database()");
        return Double.parseDouble(database("postgres").value("""
                        SELECT coalesce(sum(record_length)::float8
                          / nullif(count(*) FILTER (WHERE record_type LIKE '%%UPDATE%%'), 0), 'NaN')
                        FROM pg_get_wal_block_info(greatest('%s'::pg_lsn, '%s'::pg_lsn - 536870912), '%s')
                        WHERE reldatabase = %s AND relfilenode = %s""".formatted(from, to, to, oid, table)));
    }

    /** What the report says of it. */
    String describe() {
        String version = database("postgres").value("SHOW server_version");
        return "PostgreSQL " + version + ", "
                + settings.entrySet().stream()
                        .map(e -> e.getKey() + " = " + e.getValue())
                        .collect(Collectors.joining(", "))
                + ", data_checksums = " + database("postgres").value("SHOW data_checksums") + ", autovacuum = "
                + database("postgres").value("SHOW autovacuum");
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
