package dev.sluice.http;

import dev.sluice.problem.Problem;
import io.javalin.http.Context;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;

/** What a request says outside of its body: parts of the path, the query, headers. */
final class RequestParts {
    private static final Pattern UUID_FORM = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
    private static final Pattern KEY_FORM = Pattern.compile("[\\x21-\\x7e]{1,255}");

    private RequestParts() {}

    /** @throws Problem INVALID {@code malformed-id} */
    static UUID runId(Context ctx) {
        return uuid(ctx.pathParam("id"), "A run's id");
    }

    private static UUID uuid(String text, String what) {
        if (!UUID_FORM.matcher(text).matches()) {
            throw new Problem(
                    Problem.Kind.INVALID,
                    "malformed-id",
                    what
                            + " is a UUID such as 018f2a5e-7b1c-4d3e-9f00-112233445566. `status` and GET /api/v1/runs name them.");
        }
        return UUID.fromString(text);
    }

    /** @throws Problem INVALID {@code unknown-parameter} for any but these */
    static void only(Context ctx, String... known) {
        Set<String> names = Set.of(known);
        for (String name : ctx.queryParamMap().keySet()) {
            if (!names.contains(name)) {
                throw new Problem(
                        Problem.Kind.INVALID,
                        "unknown-parameter",
                        "There is no query parameter \"" + name + "\" here. "
                                + (names.isEmpty() ? "Send none." : "There are: " + String.join(", ", known) + "."),
                        Map.of("parameter", name));
            }
        }
    }

    static Optional<String> text(Context ctx, String name) {
        return one(ctx, name).filter(v -> !v.isEmpty());
    }

    static Optional<UUID> uuid(Context ctx, String name) {
        return text(ctx, name).map(v -> uuid(v, "The parameter " + name));
    }

    /** @throws Problem INVALID {@code bad-parameter} outside of the range */
    static long number(Context ctx, String name, long otherwise, long least, long most) {
        Optional<String> text = one(ctx, name);
        if (text.isEmpty()) {
            return otherwise;
        }
        try {
            long value = Long.parseLong(text.get());
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // refused below, with the range
        }
        throw new Problem(
                Problem.Kind.INVALID,
                "bad-parameter",
                "The parameter " + name + " must be a whole number from " + least + " to " + most + ".",
                Map.of("parameter", name));
    }

    private static Optional<String> one(Context ctx, String name) {
        List<String> values = ctx.queryParams(name);
        if (values.size() > 1) {
            throw new Problem(
                    Problem.Kind.INVALID,
                    "bad-parameter",
                    "The parameter " + name + " is given " + values.size() + " times. Give it once.",
                    Map.of("parameter", name));
        }
        return values.stream().findFirst();
    }

    /** @throws Problem INVALID {@code bad-idempotency-key} */
    static Optional<String> idempotencyKey(Context ctx) {
        Optional<String> key = Optional.ofNullable(ctx.header("Idempotency-Key"));
        if (key.isPresent() && !KEY_FORM.matcher(key.get()).matches()) {
            throw new Problem(
                    Problem.Kind.INVALID,
                    "bad-idempotency-key",
                    "Idempotency-Key must be 1 to 255 visible ASCII characters, such as a fresh UUID.");
        }
        return key;
    }
}
