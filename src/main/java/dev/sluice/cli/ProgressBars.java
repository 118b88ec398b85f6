package dev.sluice.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressState;
import org.jspecify.annotations.Nullable;

/** A progress bar for each pass of a followed run: bar, rows, ETA as the worker knows it, rate, what limits it. */
final class ProgressBars implements AutoCloseable {
    private static final int WIDTH = 120;
    /** Characters of the bar itself, whatever stands beside it. */
    private static final int BAR = 30;
    /** Columns from which on there is room for all of it. */
    private static final int WIDE = 100;

    private final PrintStream out;
    private final int width;
    private volatile Optional<Duration> eta = Optional.empty();
    private String pass = "";
    private @Nullable ProgressBar bar;
    private OneLine line = new OneLine();

    ProgressBars(PrintStream out, Map<String, String> environment) {
        this.out = out;
        this.width = columns(environment.getOrDefault("COLUMNS", ""));
    }

    private static int columns(String text) {
        return text.matches("[1-9]\\d{1,3}") ? Integer.parseInt(text) - 1 : WIDTH;
    }

    void show(JsonNode run) {
        JsonNode p = run.path("progress");
        if (p.path("scanned").isNull()) {
            if (bar != null) {
                bar.setExtraMessage(remark(run)); // the target does not answer: the bar stays where it was
            }
            return;
        }
        if (bar == null || !pass.equals(p.path("pass").asText())) {
            if (bar != null && bar.getMax() > 0) {
                bar.stepTo(bar.getMax()); // the next pass has begun, so this one was walked to its end
                eta = Optional.empty();
                bar.setExtraMessage("");
            }
            close();
            pass = p.path("pass").asText();
            line = new OneLine();
            bar = new ProgressBarBuilder()
                    .setTaskName(run.path("job").asText() + " " + pass)
                    .setUpdateIntervalMillis(250)
                    .setRenderer((state, most) -> line(state, eta, most))
                    .setConsumer(line)
                    .setInitialMax(-1)
                    .build();
        }
        eta = p.path("etaSeconds").isNumber()
                ? Optional.of(Duration.ofMillis(Math.round(p.path("etaSeconds").asDouble() * 1000)))
                : Optional.empty();
        long scanned = p.path("scanned").asLong();
        if (p.path("remaining").isNumber()) {
            bar.maxHint(scanned + p.path("remaining").asLong());
        }
        bar.stepTo(scanned);
        bar.setExtraMessage(remark(run));
    }

    /**
     * {@code people-full-name migrate 42% [====> ] 420/1,000, ETA 12s, 50 rows/s [rows-per-second]}: the bar keeps its
     * place and length, and what follows is cut where the line ends.
     */
    static String line(ProgressState state, Optional<Duration> eta, int most) {
        long max = state.getMax();
        double done = max > 0 ? Math.min(1, (double) state.getCurrent() / max) : 0;
        int length = most < WIDE ? BAR - 10 : BAR;
        int full = (int) Math.floor(done * length);
        String bar = "=".repeat(full) + (full < length ? ">" + " ".repeat(length - full - 1) : "");
        String text = String.format(
                Locale.ROOT,
                "%s %4s [%s] %s%s%s",
                state.getTaskName(),
                max > 0 ? Math.floor(done * 100) == 100 ? "100%" : (int) Math.floor(done * 100) + "%" : "?",
                bar,
                Formats.number(state.getCurrent()) + (max > 0 ? "/" + Formats.number(max) : "") + " rows",
                eta.map(e -> ", ETA " + Formats.seconds(e)).orElse(""),
                state.getExtraMessage().isEmpty() ? "" : "," + state.getExtraMessage());
        return Formats.brief(text, most);
    }

    /** Writes over the same line until it is ended, once; the library ends it, and writes on, as often as it likes. */
    private final class OneLine implements ProgressBarConsumer {
        private int before;
        private boolean ended;

        @Override
        public int getMaxRenderedLength() {
            return width;
        }

        @Override
        public synchronized void accept(String line) {
            if (ended) {
                return;
            }
            out.print('\r' + line + " ".repeat(Math.max(0, before - line.length())));
            out.flush();
            before = line.length();
        }

        @Override
        public void close() {
            // see end()
        }

        synchronized void end() {
            ended = true;
            out.println();
            out.flush();
        }
    }

    private static String remark(JsonNode run) {
        JsonNode p = run.path("progress");
        String state = run.path("state").asText();
        var text = new StringBuilder();
        if (p.path("rowsPerSecond").isNumber()) {
            text.append(' ').append(Formats.rate(p.path("rowsPerSecond")));
        }
        if (state.equals("paused") || state.equals("queued")) {
            text.append(' ').append(state);
        }
        JsonNode limit = run.path("limitedBy");
        if (limit.isObject() && !limit.path("reason").asText().equals(state)) {
            text.append(" [").append(limit.path("reason").asText()).append(']');
        }
        return text.toString();
    }

    /** Leaves the last state of the bar standing. */
    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            line.end();
            bar = null;
        }
    }
}
