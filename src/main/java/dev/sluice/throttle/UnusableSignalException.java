package dev.sluice.throttle;

import java.io.IOException;

/** What a signal asks for is no number, whatever the data is: no later reading will be better. */
public final class UnusableSignalException extends IOException {
    private static final long serialVersionUID = 1;

    UnusableSignalException(String message) {
        super(message);
    }
}
