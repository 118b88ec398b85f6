package dev.sluice.dev;

import java.nio.file.Path;
import java.util.List;

/** A worker that runs in this JVM. */
public interface DevWorker extends AutoCloseable {

    /** Where it answers HTTP, without a slash at the end: {@code http://127.0.0.1:8080}. */
    String url();

    /** The names of the jobs whose files have no mistake, in the order of their files. */
    List<String> jobs();

    /** Finishes its batches and leaves. */
    @Override
    void close();

    /** Starts one; whoever puts the parts together hands it in. */
    @FunctionalInterface
    interface Starter {

        /** Returns when the worker answers HTTP. */
        DevWorker start(Settings settings);
    }

    /**
     * What a worker needs to know.
     *
     * @param url JDBC URL of the database {@code main}, target and control database in one
     * @param user a superuser
     * @param password empty for none
     * @param port for HTTP; 0 for any free one
     * @param jobs the folder of job files
     */
    record Settings(String url, String user, String password, int port, Path jobs) {}
}
