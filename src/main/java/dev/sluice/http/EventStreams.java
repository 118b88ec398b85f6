package dev.sluice.http;

import dev.sluice.event.Event;
import dev.sluice.problem.Problem;
import dev.sluice.time.Time;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Open streams of server-sent events. Each is served on the thread of its request, which looks once a second for new
 * lines, so that its slot is given back wherever the stream ends: before it began, in the middle, or with the server.
 * Ids are given before their transactions commit, so a lower one may show up after a higher one: each look goes back a
 * little and sends what was not sent yet.
 */
final class EventStreams implements AutoCloseable {
    /** Open at a time, by everybody together. */
    static final int MOST = 64;

    /** Open at a time, by one token. */
    static final int MOST_OF_ONE = 16;

    private static final Logger LOG = LoggerFactory.getLogger(EventStreams.class);
    private static final Duration LOOK = Duration.ofSeconds(1);

    /** That a client is gone is seen by writing to it alone. */
    private static final int LOOKS_PER_COMMENT = 5;

    private static final int LOOK_BACK = 100;
    private static final int PAGE = 1000;
    private final Time time;
    /** The streams by who asked; guarded by itself, as are the threads. */
    private final Map<Caller, Integer> open = new HashMap<>();

    private final Set<Thread> threads = new HashSet<>();
    private boolean closed;

    EventStreams(Time time) {
        this.time = time;
    }

    /** Lines after a place, ascending. */
    @FunctionalInterface
    interface Source {
        List<Event> after(long place, int most);
    }

    /**
     * Serves a stream until either side ends it.
     *
     * @param response nothing of it is written yet
     * @param caller who asks
     * @param from the id after which the lines begin
     * @param limit lines to begin with
     * @param source of the lines
     * @throws Problem UNAVAILABLE {@code too-many-streams}, or what the source throws before the stream has begun
     * @throws ProblemAnswer.Thrown 429 {@code too-many-streams} where the caller's token has too many
     */
    void serve(HttpServletResponse response, Caller caller, long from, int limit, Source source) {
        reserve(caller);
        try {
            List<Event> first = source.after(from, limit); // an error here is still answered as a problem
            response.setStatus(200);
            response.setContentType("text/event-stream");
            response.setCharacterEncoding("UTF-8");
            response.setHeader("Connection", "close");
            response.setHeader("X-Accel-Buffering", "no");
            response.flushBuffer();
            follow(response, first, from, source);
        } catch (InterruptedException | IOException e) {
            LOG.debug("an event stream ended: {}", e.toString());
        } catch (RuntimeException e) {
            if (!response.isCommitted()) {
                throw e;
            }
            LOG.warn("an event stream ended: {}", e.toString());
        } finally {
            release(caller);
        }
    }

    private void reserve(Caller caller) {
        synchronized (open) {
            int all = open.values().stream().mapToInt(n -> n).sum();
            int own = open.getOrDefault(caller, 0);
            if (closed || all >= MOST) {
                throw new Problem(
                        Problem.Kind.UNAVAILABLE,
                        "too-many-streams",
                        "There are " + all + " event streams open already. Close some, or ask for the list with"
                                + " ?after=.");
            }
            if (own >= MOST_OF_ONE && !caller.equals(Caller.LOCAL)) {
                throw new ProblemAnswer.Thrown(new ProblemAnswer(
                        429,
                        "too-many-streams",
                        "The token " + caller.actor().name() + " has " + own
                                + " event streams open already. Close some, or ask for the list with ?after=."));
            }
            open.put(caller, own + 1);
            threads.add(Thread.currentThread());
        }
    }

    private void release(Caller caller) {
        synchronized (open) {
            open.computeIfPresent(caller, (c, n) -> n == 1 ? null : Integer.valueOf(n - 1));
            threads.remove(Thread.currentThread());
            var unused = Thread.interrupted(); // the thread is the server's, and serves others after this
        }
    }

    private void follow(HttpServletResponse response, List<Event> first, long from, Source source)
            throws InterruptedException, IOException {
        OutputStream out = response.getOutputStream();
        var sent = new TreeSet<Long>();
        send(out, first, sent);
        // where nobody named a place, the stream begins with the first line sent, whatever comes before it
        long floor = from == 0 && !first.isEmpty() ? first.getFirst().id() - 1 : from;
        for (int looks = 1; ; looks++) {
            time.pause(LOOK);
            long highest = sent.isEmpty() ? floor : sent.last();
            send(out, source.after(Math.max(floor, highest - LOOK_BACK), PAGE), sent);
            while (sent.size() > 2 * LOOK_BACK) {
                sent.pollFirst();
            }
            if (looks % LOOKS_PER_COMMENT == 1) {
                write(out, ": still here\n\n");
            }
        }
    }

    private static void send(OutputStream out, List<Event> events, Set<Long> sent) throws IOException {
        for (Event event : events) {
            if (sent.add(event.id())) {
                write(
                        out,
                        "id: " + event.id() + "\nevent: " + event.action() + "\ndata: " + ApiJson.write(event)
                                + "\n\n");
            }
        }
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    @Override
    public void close() {
        synchronized (open) {
            closed = true;
            threads.forEach(Thread::interrupt);
        }
    }
}
