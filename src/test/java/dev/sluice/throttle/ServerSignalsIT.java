package dev.sluice.throttle;

import dev.sluice.testing.Programs;

class ServerSignalsIT extends ServerSignals {
    @Override
    Programs programs() {
        return Programs.embedded();
    }
}
