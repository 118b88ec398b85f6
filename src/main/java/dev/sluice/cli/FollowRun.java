package dev.sluice.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.problem.Printable;
import java.time.Duration;
import java.util.Set;

/**
 * Follows a run until it ends. Where a person watches there is a progress bar, elsewhere a line whenever something
 * changed; as JSON, a line for every change. A worker that does not answer for a while, because it restarts, is waited
 * for; one that answers 503, because its database is away, for as long as it does: the run goes on by itself.
 */
public final class FollowRun {
    private static final Set<String> ENDED = Set.of("succeeded", "incomplete", "failed", "cancelled");
    private static final Duration LOOK = Duration.ofMillis(500);
    private static final long LINE_NANOS = Duration.ofSeconds(5).toNanos();
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private final ApiClient server;
    private final Terminal terminal;
    private final boolean json;
    private String last = "";
    private String lastStep = "";
    private long lastLine;

    /**
     * @param server the worker to ask
     * @param terminal where to print
     * @param json print one JSON document a line instead of text
     */
    public FollowRun(ApiClient server, Terminal terminal, boolean json) {
        this.server = server;
        this.terminal = terminal;
        this.json = json;
    }

    /**
     * Follows.
     *
     * @param run its id
     * @return its final status, as {@code GET /api/v1/runs/{id}} answers it; already printed
     * @throws ApiClient.Away when no worker answered for two minutes
     * @throws InterruptedException when this thread is asked to stop; the run goes on
     */
    public JsonNode follow(String run) throws InterruptedException {
        terminal.interrupts()
                .accept(() -> terminal.err()
                        .println("\nThe run goes on without you. See it: sluice status " + run
                                + ". End it: sluice cancel " + run));
        try (var bars = new ProgressBars(terminal.out(), terminal.environment())) {
            for (JsonNode status = ask(run); ; status = ask(run)) {
                boolean ended = ENDED.contains(status.path("state").asText());
                show(status, ended, bars);
                if (ended) {
                    return status;
                }
                terminal.time().pause(LOOK);
            }
        } finally {
            terminal.interrupts().accept(() -> {});
        }
    }

    /** {@link Exit#DONE} for a run that succeeded, {@link Exit#CLOSED} for any other end. */
    public static int exitCode(JsonNode run) {
        return run.path("state").asText().equals("succeeded") ? Exit.DONE : Exit.CLOSED;
    }

    private JsonNode ask(String run) throws InterruptedException {
        long since = terminal.time().nanos();
        String told = "";
        while (true) {
            String why;
            try {
                return server.get("/runs/" + run);
            } catch (ApiClient.Away e) {
                if (terminal.time().nanos() - since > PATIENCE.toNanos()) {
                    throw e;
                }
                why = "The worker does not answer; asking again for " + Formats.length(PATIENCE) + ".";
            } catch (ApiClient.Refused e) {
                if (!e.isPassing()) {
                    throw e;
                }
                since = terminal.time().nanos(); // somebody answers
                why = "Waiting: " + e.getMessage();
            }
            if (!why.equals(told)) {
                terminal.err().println(Printable.text(why));
                told = why;
            }
            terminal.time().pause(LOOK);
        }
    }

    private void show(JsonNode status, boolean ended, ProgressBars bars) {
        if (json) {
            if (!status.toString().equals(last)) {
                last = status.toString();
                terminal.out().println(last);
            }
        } else if (terminal.watched()) {
            bars.show(status);
            if (ended) {
                bars.close();
            }
        } else {
            line(status, ended);
        }
        if (ended && !json) {
            Formats.end(status).forEach(terminal.out()::println);
        }
    }

    /** A line at each change of state, pass or limit, and every five seconds while rows are walked. */
    private void line(JsonNode status, boolean ended) {
        String step = status.path("state").asText()
                + status.path("progress").path("pass").asText()
                + status.path("limitedBy").path("reason").asText();
        String walked = status.path("progress").path("scanned").asText();
        boolean due = terminal.time().nanos() - lastLine >= LINE_NANOS && !walked.equals(last);
        if (due || ended || !step.equals(lastStep)) {
            terminal.out().println(Printable.text(Formats.step(status)));
            lastStep = step;
            last = walked;
            lastLine = terminal.time().nanos();
        }
    }
}
