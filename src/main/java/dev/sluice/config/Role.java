package dev.sluice.config;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** What a caller may do. Each role may do everything the one before it may. */
public enum Role {
    /** Reads; never sees the value of a row. */
    VIEWER,
    /** Also starts, pauses, resumes, cancels and tunes runs, and sees row values. */
    OPERATOR,
    /** Also approves. */
    APPROVER;

    /** Whether somebody of this role may do what {@code needed} may. */
    public boolean may(Role needed) {
        return compareTo(needed) >= 0;
    }

    /** As in the configuration: lower case. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The role with this code, in lower case. */
    public static Optional<Role> of(String code) {
        return Arrays.stream(values()).filter(r -> r.code().equals(code)).findFirst();
    }

    /** {@code viewer, operator or approver}. */
    static String choices() {
        String all = Arrays.stream(values()).map(Role::code).collect(Collectors.joining(", "));
        int last = all.lastIndexOf(", ");
        return all.substring(0, last) + " or " + all.substring(last + 2);
    }
}
