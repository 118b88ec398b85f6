package dev.sluice.database;

import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Has every test fail in which a thread that has a connection asks for another one that it might wait for in a circle,
 * and every test that does not give its own back: the ones after it would be refused theirs. Found by itself, and made
 * before any test class is.
 */
public final class ConnectionOrder implements BeforeAllCallback, AfterEachCallback {
    public ConnectionOrder() {
        System.setProperty(OrderedConnections.SWITCH, "true");
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        // it is switched on by being made
    }

    @Override
    public void afterEach(ExtensionContext context) {
        List<Throwable> left = OrderedConnections.forget(Thread.currentThread());
        if (!left.isEmpty()) {
            throw new AssertionError(
                    "the test's thread did not give back " + left.size() + " connections", left.getFirst());
        }
    }
}
