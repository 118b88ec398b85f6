package dev.sluice.http;

import dev.sluice.event.Event;
import dev.sluice.problem.Problem;
import dev.sluice.time.Time;
import io.javalin.http.sse.SseClient;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Open streams of server-sent events, each with a thread of its own that looks once a second for new lines. Ids are
 * given before their transactions commit, so a lower one may show up after a higher one: each look goes back a little
 * and sends what was not sent yet.
 */
final class EventStreams implements AutoCloseable {
    static final int MOST = 64;
    private static final Logger LOG = LoggerFactory.getLogger(EventStreams.class);
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final int LOOKS_PER_COMMENT = 15;
    private static final int LOOK_BACK = 100;
    private static final int PAGE = 1000;
    private final Time time;
    private final AtomicInteger reserved = new AtomicInteger();
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

    EventStreams(Time time) {
        this.time = time;
    }

    /** Lines after a place, ascending. */
    @FunctionalInterface
    interface Source {
        List<Event> after(long place, int most);
    }

    /** @throws Problem UNAVAILABLE when there are too many streams */
    void reserve() {
        if (reserved.incrementAndGet() > MOST) {
            reserved.decrementAndGet();
            throw new Problem(
                    Problem.Kind.UNAVAILABLE,
                    "too-many-streams",
                    "There are " + MOST + " event streams open already. Close some, or ask for the list with ?after=.");
        }
    }

    /** Serves the client, on a thread of its own, until either side ends it. Call {@link #reserve} before. */
    void serve(SseClient client, List<Event> first, long from, Source source) {
        client.keepAlive();
        Thread thread = Thread.ofVirtual().name("event-stream").unstarted(() -> {
            try (client) {
                follow(client, first, from, source);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (RuntimeException e) {
                LOG.warn("an event stream ended: {}", e.toString());
            } finally {
                reserved.decrementAndGet();
                threads.remove(Thread.currentThread());
            }
        });
        threads.add(thread);
        client.onClose(thread::interrupt);
        thread.start();
    }

    private void follow(SseClient client, List<Event> first, long from, Source source) throws InterruptedException {
        var sent = new TreeSet<Long>();
        send(client, first, sent);
        // where nobody named a place, the stream begins with the first line sent, whatever comes before it
        long floor = from == 0 && !first.isEmpty() ? first.getFirst().id() - 1 : from;
        for (int looks = 1; !client.terminated(); looks++) {
            time.pause(LOOK);
            long highest = sent.isEmpty() ? floor : sent.last();
            send(client, source.after(Math.max(floor, highest - LOOK_BACK), PAGE), sent);
            while (sent.size() > 2 * LOOK_BACK) {
                sent.pollFirst();
            }
            if (looks % LOOKS_PER_COMMENT == 0) {
                client.sendComment("still here");
            }
        }
    }

    private static void send(SseClient client, List<Event> events, Set<Long> sent) {
        for (Event event : events) {
            if (sent.add(event.id())) {
                client.sendEvent(event.action(), Json.write(event), Long.toString(event.id()));
            }
        }
    }

    @Override
    public void close() {
        threads.forEach(Thread::interrupt);
    }
}
