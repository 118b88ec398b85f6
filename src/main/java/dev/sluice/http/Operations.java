package dev.sluice.http;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What the operator's tools ask for.
 *
 * @param metrics the text {@code /metrics} answers, in the Prometheus format 0.0.4
 * @param checks what must hold for {@code /health/ready}, asked at each request
 */
public record Operations(Supplier<String> metrics, List<ReadyCheck> checks) {
    public Operations {
        checks = List.copyOf(checks);
    }

    /**
     * One condition of being ready.
     *
     * @param name stable, kebab-case, such as {@code control-database}
     * @param problem empty when it holds; otherwise why not, which anybody may read, so no address and no secret
     * @param needed whether the worker is not ready where it does not hold; otherwise that is only told
     */
    public record ReadyCheck(String name, Supplier<Optional<String>> problem, boolean needed) {
        /** One that is needed. */
        public ReadyCheck(String name, Supplier<Optional<String>> problem) {
            this(name, problem, true);
        }
    }
}
