package dev.sluice.problem;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class PrintableTest {
    @Test
    void aLineStaysOne() {
        assertThat(Printable.line("a\nb\r\tc\u001b[2J\u0085\u2028\u202e\u0000\ud800"))
                .isEqualTo("a\\nb\\r\\tc\\u001b[2J\\u0085\\u2028\\u202e\\u0000\\ud800");
        String plain = "größe 完 \ud83d\ude00 'x' \\n";
        assertThat(Printable.line(plain)).isEqualTo(plain);
        assertThat(Printable.line(plain + "\u0007")).isEqualTo(plain + "\\u0007");
    }

    @Test
    void furtherLinesAreIndentedInTheLogAndStayAsTheyAreOnATerminal() {
        assertThat(Printable.lines("a\nb\u0007\n")).isEqualTo("a\n    b\\u0007");
        assertThat(Printable.text("a\n\tb\u0007")).isEqualTo("a\n    b\\u0007");
    }

    /** Whatever a message, an argument or an exception holds. */
    @Test
    void onlyTheLogItselfBeginsALine() {
        var context = (LoggerContext) LoggerFactory.getILoggerFactory();
        var console = (ConsoleAppender<?>)
                context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).getAppender("STDERR");
        @SuppressWarnings("unchecked")
        var encoder = (ch.qos.logback.core.encoder.Encoder<ILoggingEvent>) console.getEncoder();
        assertThat(encoder).isInstanceOf(PatternLayoutEncoder.class);
        var thrown = new IllegalStateException("one\n2026-01-01 INFO forged", new RuntimeException("two\nforged"));
        String printed = new String(
                encoder.encode(new LoggingEvent(
                        "here",
                        context.getLogger("any"),
                        Level.ERROR,
                        "job file {} is bad\nnext",
                        thrown,
                        new Object[] {"a\n2026-01-01 INFO forged\u001b[2J"})),
                java.nio.charset.StandardCharsets.UTF_8);
        assertThat(printed.lines().skip(1))
                .isNotEmpty()
                .allSatisfy(line -> assertThat(line).startsWith("    "));
        assertThat(printed)
                .contains(
                        "ERROR any - job file a\n    2026-01-01 INFO forged\\u001b[2J is bad\n    next\n    java.lang")
                .contains("at dev.sluice.problem.PrintableTest")
                .endsWith("\n")
                .doesNotContain("\u001b", "\n\n");
    }
}
