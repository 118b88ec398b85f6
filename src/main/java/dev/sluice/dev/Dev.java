package dev.sluice.dev;

import dev.sluice.problem.Problem;
import dev.sluice.time.Time;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Locale;

/**
 * {@code sluice dev}: starts a server and a worker, makes sample tables, runs the example jobs one after the other,
 * shows what each gate answers, and goes on serving.
 */
public final class Dev {
    private final StateFolder folder;
    private final DevWorker.Starter workers;
    private final DevClient doors;
    private final PrintStream out;
    private final Time time;

    /**
     * @param folder where the data is kept
     * @param workers starts the worker
     * @param doors how to talk to it
     * @param out where a person reads along
     * @param time for telling how long things took
     */
    public Dev(StateFolder folder, DevWorker.Starter workers, DevClient doors, PrintStream out, Time time) {
        this.folder = folder;
        this.workers = workers;
        this.doors = doors;
        this.out = out;
        this.time = time;
    }

    /**
     * Runs the whole way. Without {@code --exit} it returns only when the process is asked to stop.
     *
     * @return 0 when every gate is open, or after it was asked to stop; 1 when a gate stayed closed or there was no job
     * @throws Problem {@code port-taken}, and as {@link EmbeddedServer#start} and {@link SampleTables#ensure} do
     */
    public int run(DevOptions options) {
        requireFree(options.port());
        try (ShutdownStack ending = new ShutdownStack()) {
            try {
                EmbeddedServer server = ending.add(startServer(options));
                fillTables(server, options);
                DevWorker worker = ending.add(workers.start(new DevWorker.Settings(
                        server.url(), server.user(), server.password(), options.port(), options.jobs())));
                say("worker     answers at %s", worker.url());
                int code = runJobs(worker, options);
                if (!options.exit()) {
                    tellWhatNext(server, worker);
                    ending.await();
                    return 0;
                }
                return code;
            } catch (RuntimeException e) {
                if (ending.isEnding()) {
                    return 0; // what fails after Ctrl-C fails because of it
                }
                throw e;
            }
        }
    }

    /** Looked at first: whoever waited for a database and its tables should not learn only then that it was in vain. */
    private static void requireFree(int port) {
        if (port == 0) {
            return;
        }
        try (var probe = new ServerSocket()) {
            probe.setReuseAddress(true); // a port whose last connections are just fading is free
            probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        } catch (IOException e) {
            throw new Problem(
                    Problem.Kind.UNAVAILABLE,
                    "port-taken",
                    "Port " + port + " of this machine cannot be listened on (" + e.getMessage()
                            + "). Name another with --port, or any free one with --port 0; or stop what listens there.");
        }
    }

    private EmbeddedServer startServer(DevOptions options) {
        long start = time.nanos();
        EmbeddedServer server = EmbeddedServer.start(folder, options.fresh());
        say("database   PostgreSQL 18 in %s, started in %s", folder.root(), since(start));
        return server;
    }

    private void fillTables(EmbeddedServer server, DevOptions options) {
        long start = time.nanos();
        SampleTables.Made made =
                new SampleTables(server.url(), server.user(), server.password()).ensure(options.people());
        if (made.made()) {
            say("tables     %,d people with their orders, made in %s", made.people(), since(start));
        } else {
            say("tables     %,d people with their orders, as they were left (--fresh starts over)", made.people());
        }
    }

    private int runJobs(DevWorker worker, DevOptions options) {
        List<String> jobs = worker.jobs();
        if (jobs.isEmpty()) {
            say("%nThere is no job without mistakes in %s. Try: ./sluice validate %s", options.jobs(), options.jobs());
            return 1;
        }
        int closed = 0;
        for (String job : jobs) {
            say("%n== %s", job);
            if (doors.isOpen(worker.url(), job)) {
                say("done in an earlier run (--fresh starts over)");
            } else {
                follow(worker, job);
            }
            if (!doors.printGate(worker.url(), job)) {
                closed++;
            }
        }
        say(
                "%n%s",
                closed == 0
                        ? "Every gate is open: " + jobs.size() + " of " + jobs.size() + "."
                        : "Gates still closed: " + closed + " of " + jobs.size() + "; the reasons are above.");
        return closed == 0 ? 0 : 1;
    }

    /** A job that cannot be started is told, and does not keep the others from running. */
    private void follow(DevWorker worker, String job) {
        try {
            doors.follow(worker.url(), job);
        } catch (Problem refused) {
            say("not run: %s", refused.getMessage());
        }
    }

    private void tellWhatNext(EmbeddedServer server, DevWorker worker) {
        say("""

                Still serving. Look around:
                  jobs       %1$s/api/v1/jobs
                  metrics    %1$s/metrics
                  database   psql '%2$s'
                  status     ./sluice status --server %1$s
                Ctrl-C stops everything and keeps the data; --fresh starts over.""", worker.url(), server.psqlUrl());
    }

    private void say(String format, Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
        out.flush();
    }

    private String since(long start) {
        return String.format(Locale.ROOT, "%.1f s", (time.nanos() - start) / 1e9);
    }
}
