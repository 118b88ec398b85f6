package dev.sluice.throttle;

import dev.sluice.testing.Programs;
import org.junit.jupiter.api.condition.EnabledIf;

/**
 * On PostgreSQL 15, where it is installed, or on the version whose programs {@code -Dsluice.test.programs} names: some
 * statistics were elsewhere before 17.
 */
@EnabledIf("isInstalled")
class OlderServerSignalsIT extends ServerSignals {
    private static final int VERSION = 15;

    static boolean isInstalled() {
        return Programs.installed(VERSION).isPresent();
    }

    @Override
    Programs programs() {
        return Programs.installed(VERSION).orElseThrow();
    }
}
