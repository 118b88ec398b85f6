package dev.sluice.http;

import io.javalin.http.Context;

/** Answers in JSON. */
final class Answer {
    private Answer() {}

    static void ok(Context ctx, Object value) {
        json(ctx, 200, value);
    }

    static void json(Context ctx, int status, Object value) {
        ctx.status(status).contentType("application/json").result(ApiJson.write(value));
    }

    static void refuse(Context ctx, ProblemAnswer refusal) {
        refusal.headers().forEach(ctx::header);
        ctx.status(refusal.status()).contentType(ProblemAnswer.TYPE).result(refusal.body(ctx.path()));
    }
}
