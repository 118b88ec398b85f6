package dev.sluice.throttle;

import dev.sluice.testing.Programs;
import org.junit.jupiter.api.Tag;

/** On the version of the embedded server, which may be an old one: what it is read from differs. */
@Tag("version")
class ServerSignalsIT extends ServerSignals {
    @Override
    Programs programs() {
        return Programs.embedded();
    }
}
