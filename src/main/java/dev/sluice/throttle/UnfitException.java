package dev.sluice.throttle;

import java.io.IOException;

/** What a signal asks for is no number, whatever the data is: no later reading will be better. */
public final class UnfitException extends IOException {
    private static final long serialVersionUID = 1;

    UnfitException(String message) {
        super(message);
    }
}
