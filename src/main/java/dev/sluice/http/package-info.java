/**
 * The HTTP door: {@code /api/v1}, health, metrics and the OpenAPI document, for people's tools, pipelines and the CLI.
 *
 * <p>Owns: Javalin, who may come in, and the shape of every answer and every error. Refuses: deciding anything about a
 * run or a gate, and taking SQL from a request.
 */
@NullMarked
package dev.sluice.http;

import org.jspecify.annotations.NullMarked;
