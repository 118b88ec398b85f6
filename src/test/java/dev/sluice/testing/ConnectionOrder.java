package dev.sluice.testing;

import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Has every test fail in which a thread that has a connection asks for another one that it might wait for in a circle.
 * Found by itself, and made before any test class is.
 */
public final class ConnectionOrder implements BeforeAllCallback {
    public ConnectionOrder() {
        System.setProperty("sluice.check-connection-order", "true");
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        // it is switched on by being made
    }
}
