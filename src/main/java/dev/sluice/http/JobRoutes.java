package dev.sluice.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.config.Role;
import dev.sluice.job.Job;
import dev.sluice.job.JobFile;
import dev.sluice.job.Shape;
import dev.sluice.plan.FileMistakes;
import dev.sluice.plan.PlanReport;
import dev.sluice.run.RunStatus;
import dev.sluice.schedule.Starts;
import io.javalin.http.Context;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Jobs: what there is, the dry run, a start, the gate. */
final class JobRoutes {
    /** Dry runs at a time. */
    static final int MOST_PLANS = 4;

    private final Semaphore planning = new Semaphore(MOST_PLANS);
    private final Services services;
    private final Bodies bodies;

    JobRoutes(Services services, Bodies bodies) {
        this.services = services;
        this.bodies = bodies;
    }

    List<Route> routes() {
        return List.of(
                Route.get("/api/v1/jobs", Role.VIEWER, this::list),
                Route.get("/api/v1/jobs/{job}", Role.VIEWER, this::show),
                Route.post("/api/v1/jobs/{job}/plan", Role.VIEWER, this::plan),
                Route.post("/api/v1/jobs/{job}/runs", Role.OPERATOR, this::start),
                Route.get("/api/v1/jobs/{job}/gates/switch", Role.VIEWER, this::switchGate));
    }

    private void list(Context ctx, Caller caller) {
        RequestParts.only(ctx);
        Map<String, RunStatus> latest = services.runs().latest().stream()
                .map(caller::sees)
                .collect(Collectors.toMap(RunStatus::job, Function.identity(), (newest, older) -> newest));
        Map<String, Instant> next = services.starts().nextStarts();
        ArrayNode jobs = ApiJson.MAPPER.createArrayNode();
        ArrayNode bad = ApiJson.MAPPER.createArrayNode();
        for (JobFile file : services.jobs().files()) {
            file.job()
                    .ifPresent(job -> jobs.add(describe(
                            job,
                            file.path(),
                            Optional.ofNullable(latest.get(job.name())),
                            Optional.ofNullable(next.get(job.name())))));
            if (!file.mistakes().isEmpty()) {
                bad.add(ApiJson.MAPPER.valueToTree(mistakes(file)));
            }
        }
        ObjectNode answer = ApiJson.MAPPER.createObjectNode();
        answer.set("jobs", jobs);
        answer.set("badFiles", bad);
        Answer.ok(ctx, answer);
    }

    private static Map<String, Object> mistakes(JobFile file) {
        var described = new LinkedHashMap<String, Object>();
        described.put("file", file.path());
        described.put("mistakes", file.mistakes());
        return described;
    }

    private void show(Context ctx, Caller caller) {
        RequestParts.only(ctx);
        Job job = job(ctx);
        String file = services.jobs().files().stream()
                .filter(f -> f.job().filter(j -> j.name().equals(job.name())).isPresent())
                .map(JobFile::path)
                .findFirst()
                .orElse("");
        ObjectNode answer = describe(
                job,
                file,
                services.runs().list(Optional.of(job.name()), 1).stream()
                        .findFirst()
                        .map(caller::sees),
                Optional.ofNullable(services.starts().nextStarts().get(job.name())));
        try {
            answer.set("definition", ApiJson.MAPPER.readTree(job.definition()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the definition of " + job.name() + " is not JSON", e);
        }
        Answer.ok(ctx, answer);
    }

    private static ObjectNode describe(Job job, String file, Optional<RunStatus> run, Optional<Instant> next) {
        var migrate = job.migrate();
        ObjectNode node = ApiJson.MAPPER.createObjectNode();
        node.put("job", job.name());
        node.put("file", file);
        node.put("description", job.description().orElse(null));
        node.put("owner", job.owner().orElse(null));
        node.put("database", job.database());
        node.put("table", migrate.table().toString());
        node.put("shape", shape(migrate.shape()));
        node.put("fingerprint", job.fingerprint());
        migrate.schedule()
                .ifPresentOrElse(
                        s -> node.putObject("schedule")
                                .put("cron", s.cron())
                                .put("zone", s.zone().getId())
                                .put("misfire", s.misfire().name().toLowerCase(Locale.ROOT))
                                .put("nextStart", next.map(Instant::toString).orElse(null)),
                        () -> node.putNull("schedule"));
        node.set("run", ApiJson.MAPPER.valueToTree(run.orElse(null)));
        return node;
    }

    private static String shape(Shape shape) {
        return switch (shape) {
            case Shape.Set set -> "set";
            case Shape.Insert insert -> "insert";
            case Shape.Delete delete -> "delete";
            case Shape.Sql sql -> "sql";
        };
    }

    private void plan(Context ctx, Caller caller) {
        RequestParts.only(ctx);
        bodies.read(ctx).only().check();
        Job job = job(ctx);
        boolean tries = caller.role().may(Role.OPERATOR);
        ObjectNode report = ApiJson.MAPPER.valueToTree(planned(job, tries));
        services.jobs().files().stream()
                .filter(f -> f.job().filter(job::equals).isPresent())
                .findFirst()
                .ifPresent(f -> places(report, f));
        if (!tries) {
            report.putArray("sample");
            // a plan names the keys that the statement was explained with
            report.withArray("statements").forEach(s -> ((ObjectNode) s).put("plan", ""));
        }
        report.put("sampleHidden", !tries);
        Answer.ok(ctx, report);
    }

    /** A dry run takes connections and the server's time, and whoever may only look may ask for it. */
    private PlanReport planned(Job job, boolean tries) {
        if (!planning.tryAcquire()) {
            throw new ProblemAnswer.Thrown(new ProblemAnswer(
                    429,
                    "too-many-plans",
                    MOST_PLANS + " dry runs are being made here already. Ask again in a moment."));
        }
        try {
            return services.plans().plan(job, tries);
        } finally {
            planning.release();
        }
    }

    private void start(Context ctx, Caller caller) {
        RequestParts.only(ctx);
        bodies.read(ctx).only().check();
        Optional<String> key = RequestParts.idempotencyKey(ctx);
        Starts.Started started = services.starts().start(ctx.pathParam("job"), caller.actor(), "http", key);
        ctx.header("Location", "/api/v1/runs/" + started.run().id());
        Answer.json(ctx, 202, started);
    }

    private void switchGate(Context ctx, Caller caller) {
        RequestParts.only(ctx);
        Answer.ok(ctx, services.gates().switchGate(ctx.pathParam("job")));
    }

    /** Where in the job file each finding is to be fixed. */
    private static void places(ObjectNode report, JobFile file) {
        for (JsonNode finding : report.path("findings")) {
            if (finding instanceof ObjectNode told) {
                told.put("file", file.path());
                told.put("line", FileMistakes.line(file, told.path("key").asText()));
            }
        }
    }

    private Job job(Context ctx) {
        String name = ctx.pathParam("job");
        return services.jobs().find(name).orElseThrow(() -> services.jobs().missing(name));
    }
}
