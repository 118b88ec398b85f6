package dev.sluice.config;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Every key there is, with its default: SmallRye Config fills it, nobody outside this room sees it. */
@ConfigMapping(prefix = "sluice")
interface SettingsMapping {
    Map<String, Database> databases();

    @WithDefault("main")
    String control();

    @WithDefault("jobs")
    Path jobs();

    Http http();

    Worker worker();

    Retry retry();

    Verify verify();

    Retention retention();

    Throttle throttle();

    Batch batch();

    interface Database {
        String url();

        String user();

        Optional<String> password();

        @WithDefault("10")
        int poolSize();

        Optional<Integer> cores();

        @WithDefault("500ms")
        Duration lockTimeout();

        @WithDefault("30s")
        Duration statementTimeout();

        @WithDefault("10s")
        Duration idleInTransactionTimeout();

        @WithDefault("60s")
        Duration transactionTimeout();

        @WithDefault("10m")
        Duration analyzeTimeout();

        @WithDefault("10s")
        Duration connectTimeout();

        @WithDefault("5m")
        Duration socketTimeout();

        Optional<Integer> rowsPerSecond();

        Optional<Size> walPerHour();
    }

    interface Http {
        Optional<String> host();

        @WithDefault("8080")
        int port();

        @WithDefault("true")
        boolean publicMetrics();

        @WithDefault("true")
        boolean publicOpenapi();

        @WithDefault("16kB")
        Size maxBody();

        List<Token> tokens();
    }

    interface Token {
        String name();

        Role role();

        TokenHash hash();
    }

    interface Worker {
        Optional<String> name();

        @WithDefault("10")
        int threads();

        @WithDefault("2s")
        Duration heartbeat();

        @WithDefault("10s")
        Duration takeover();

        @WithDefault("5s")
        Duration checkIn();

        @WithDefault("1s")
        Duration jobsRefresh();

        @WithDefault("30s")
        Duration stopTimeout();
    }

    interface Retry {
        @WithDefault("5")
        int attempts();

        @WithDefault("200ms")
        Duration firstWait();

        @WithDefault("30s")
        Duration maxWait();
    }

    interface Verify {
        @WithDefault("3")
        int maxSweeps();

        @WithDefault("1h")
        Duration repeatEvery();

        Optional<Duration> evidenceExpiresAfter();
    }

    interface Retention {
        @WithDefault("90d")
        Duration runs();

        @WithDefault("365d")
        Duration events();
    }

    interface Throttle {
        Optional<Double> cores();

        @WithDefault("2ms")
        Duration shortestBatch();

        @WithDefault("0.25")
        double start();

        @WithDefault("0.5")
        double weight();

        @WithDefault("0.7")
        double calm();

        @WithDefault("2.0")
        double hold();

        @WithDefault("0.05")
        double floor();

        @WithDefault("3s")
        Duration goodFor();

        @WithDefault("4s")
        Duration settle();

        @WithDefault("2.0")
        double growth();

        @WithDefault("1.05")
        double probe();

        @WithDefault("0.5")
        double shrink();

        @WithDefault("1.5")
        double urgent();
    }

    interface Batch {
        @WithDefault("0.3")
        double weight();

        @WithDefault("1.5")
        double growth();

        @WithDefault("5.0")
        double panic();
    }

    /** So many bytes. */
    record Size(long bytes) {}
}
