package dev.sluice.cli;

import com.fasterxml.jackson.databind.JsonNode;

/** Prints a gate's answer: a closed one with its reasons, an open one with its evidence. */
public final class PrintGate {
    /** Characters of a value; conditions may fill a screen, and are whole in JSON. */
    private static final int LONGEST = 300;

    private final Terminal terminal;
    private final boolean json;

    /**
     * @param terminal where to print
     * @param json print the answer as it is, on one line, instead of text
     */
    public PrintGate(Terminal terminal, boolean json) {
        this.terminal = terminal;
        this.json = json;
    }

    /**
     * Prints.
     *
     * @param answer as {@code GET /api/v1/jobs/{job}/gates/switch} gives it
     * @return whether the gate is open
     */
    public boolean print(JsonNode answer) {
        boolean open = answer.path("open").asBoolean();
        if (json) {
            terminal.out().println(answer);
            return open;
        }
        terminal.out()
                .println("Gate " + answer.path("phase").asText() + " of "
                        + answer.path("job").asText() + ": " + (open ? "OPEN" : "CLOSED"));
        answer.path("reasons")
                .forEach(r -> terminal.out()
                        .println("  " + r.path("code").asText() + ": "
                                + r.path("message").asText()));
        if (answer.path("evidence").isObject()) {
            answer.path("evidence").properties().forEach(e -> evidence(e.getKey(), e.getValue()));
        }
        return open;
    }

    private void evidence(String name, JsonNode value) {
        if (value.isNull()) {
            return;
        }
        String text = value.isIntegralNumber()
                ? Formats.number(value.asDouble())
                : value.isValueNode() ? value.asText() : parts(value);
        terminal.out()
                .println("  " + name + " " + ".".repeat(Math.max(1, 20 - name.length())) + " "
                        + Formats.brief(text, LONGEST));
    }

    /** {@code name main, database shop, systemIdentifier 77…, timeline 1}. */
    private static String parts(JsonNode value) {
        return value.properties().stream()
                .map(e -> e.getKey() + " " + e.getValue().asText())
                .collect(java.util.stream.Collectors.joining(", "));
    }
}
