package dev.sluice;

import static org.awaitility.Awaitility.await;

import dev.sluice.testing.StoppableServer;
import dev.sluice.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;

/** A server that can be stopped, workers that are processes of their own, and the jobs they share. */
final class Cluster implements AutoCloseable {
    /** For anything that a busy machine may take its time for. */
    static final Duration PATIENCE = Duration.ofSeconds(120);

    private final Path folder;
    private final Path jobs;
    private final Map<String, String> settings;
    private final StoppableServer server;
    private final Map<String, WorkerProcess> workers = new LinkedHashMap<>();
    private final Map<String, TestPostgres.Fresh> roles = new HashMap<>();
    private final Set<String> frozen = new HashSet<>();

    private Cluster(Path folder, Map<String, String> settings) throws IOException {
        this.folder = folder;
        this.jobs = Files.createDirectories(folder.resolve("jobs"));
        this.settings = settings;
        this.server = StoppableServer.start(folder.resolve("data"));
    }

    /**
     * Starts a server and workers w1, w2 and so on, and waits until all are ready.
     *
     * @param folder for the data, the job files and the logs
     * @param size number of workers
     * @param settings of every worker, as variables
     */
    static Cluster start(Path folder, int size, Map<String, String> settings) throws Exception {
        Cluster cluster = new Cluster(folder, settings);
        try {
            for (int i = 1; i <= size; i++) {
                cluster.start("w" + i);
            }
            cluster.awaitReady();
        } catch (Throwable e) {
            cluster.close();
            throw e;
        }
        return cluster;
    }

    StoppableServer server() {
        return server;
    }

    TestPostgres.Fresh db() {
        return server.database();
    }

    WorkerProcess worker(String name) {
        return Objects.requireNonNull(workers.get(name), name);
    }

    /** Starts a worker, in place of one of the same name that has ended. Its sessions are a role's of its name. */
    void start(String name) throws IOException {
        var as = roles.computeIfAbsent(name, n -> db().as(n));
        Map<String, String> all = new HashMap<>(settings);
        all.put("SLUICE_WORKER_NAME", name);
        workers.put(name, WorkerProcess.start(as, jobs, folder.resolve(name + ".log"), all));
    }

    void freeze(String name) throws IOException, InterruptedException {
        frozen.add(name);
        worker(name).freeze();
    }

    void thaw(String name) throws IOException, InterruptedException {
        worker(name).thaw();
        frozen.remove(name);
    }

    /** Those that live, are not frozen, and take work. */
    List<String> ready() {
        return workers.keySet().stream()
                .filter(name -> !frozen.contains(name)
                        && worker(name).isAlive()
                        && worker(name).isReady())
                .toList();
    }

    void awaitReady() {
        await("every worker is ready").atMost(PATIENCE).until(() -> ready().size() == workers.size());
    }

    /** Writes a job file. */
    void job(String name, String text) throws IOException {
        Files.writeString(jobs.resolve(name + ".yaml"), text);
    }

    /**
     * POSTs to one ready worker after the other until it has come to pass; an answer may be lost.
     *
     * @param done whether the tables show it
     */
    void post(String path, Callable<Boolean> done) {
        await("POST " + path)
                .atMost(PATIENCE)
                .ignoreException(IOException.class)
                .until(() -> done.call() || (isPosted(path) && done.call()));
    }

    private boolean isPosted(String path) throws IOException {
        for (String name : ready()) {
            worker(name).post(path);
            return true;
        }
        return false;
    }

    /** The last lines of every worker. */
    String lastWords() throws IOException {
        List<String> all = new ArrayList<>();
        for (String name : workers.keySet()) {
            all.add("-- " + name + ", alive: " + worker(name).isAlive());
            all.add(worker(name).lastWords());
        }
        return String.join("\n", all);
    }

    @Override
    public void close() throws Exception {
        for (WorkerProcess worker : workers.values()) {
            worker.close();
        }
        server.close();
    }
}
