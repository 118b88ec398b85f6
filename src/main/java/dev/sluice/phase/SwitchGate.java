package dev.sluice.phase;

import dev.sluice.database.Databases;
import dev.sluice.database.Identity;
import dev.sluice.fleet.Agreement;
import dev.sluice.fleet.Difference;
import dev.sluice.job.Job;
import dev.sluice.job.Jobs;
import dev.sluice.job.Shape;
import dev.sluice.phase.GateAnswer.Reason;
import dev.sluice.problem.Problem;
import dev.sluice.run.Evidence;
import dev.sluice.run.GateInput;
import dev.sluice.throttle.OpeningHours;
import dev.sluice.time.DurationText;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;

/**
 * The gate to the switch: open when, and only when, the newest run of the job's present definition has proven the rows,
 * on the database that answers now.
 */
public final class SwitchGate implements Gates {
    private final Jobs jobs;
    private final GateInput.Source proofs;
    private final Databases databases;
    private final Agreement agreement;
    private final Duration repeatEvery;
    private final Optional<Duration> expiresAfter;

    /**
     * @param jobs the definitions of now
     * @param proofs what the newest runs have proven
     * @param databases for the identity of the target
     * @param agreement of the live workers about a job
     * @param repeatEvery how often evidence is renewed
     * @param expiresAfter the age from which it is void; empty for twice that and what the last look took
     */
    public SwitchGate(
            Jobs jobs,
            GateInput.Source proofs,
            Databases databases,
            Agreement agreement,
            Duration repeatEvery,
            Optional<Duration> expiresAfter) {
        this.agreement = agreement;
        this.jobs = jobs;
        this.proofs = proofs;
        this.databases = databases;
        this.repeatEvery = repeatEvery;
        this.expiresAfter = expiresAfter;
    }

    @Override
    public GateAnswer switchGate(String name) {
        return Optional.ofNullable(switchGates(List.of(name)).get(name)).orElseThrow(() -> jobs.missing(name));
    }

    /** Asks each table of the control database once, and each target once, however many jobs there are. */
    @Override
    public Map<String, GateAnswer> switchGates(Collection<String> names) {
        if (names.isEmpty()) {
            return Map.of();
        }
        Jobs defined = jobs.among(names);
        Map<String, GateInput> proven = proofs.newest(names);
        Map<String, Difference> differences = differences(names);
        TargetsNow targets = new TargetsNow(databases);
        Map<String, GateAnswer> answers = new LinkedHashMap<>();
        for (String name : names) {
            List<Reason> reasons = new ArrayList<>();
            Optional<Job> job = readable(defined, name, reasons);
            Optional<GateInput> gateInput = Optional.ofNullable(proven.get(name));
            if (job.isPresent() || gateInput.isPresent() || !reasons.isEmpty()) {
                Optional<Difference> difference = Optional.ofNullable(differences.get(name));
                answers.put(name, answer(name, job, gateInput, difference, targets, reasons));
            }
        }
        return answers;
    }

    private GateAnswer answer(
            String name,
            Optional<Job> job,
            Optional<GateInput> gateInput,
            Optional<Difference> difference,
            TargetsNow targets,
            List<Reason> reasons) {
        if (job.isEmpty() && reasons.isEmpty()) {
            reasons.add(new Reason(
                    "no-definition",
                    "No job file without mistakes defines " + name
                            + " now. Fix or restore it; `sluice validate` says what is wrong."));
        }
        difference
                .map(d -> new Reason(Difference.CODE, "Nobody can say what job " + name + " is: " + d.message()))
                .ifPresent(reasons::add);
        if (gateInput.isEmpty()) {
            reasons.add(
                    new Reason("never-run", "Job " + name + " has never run. Start it: `sluice run " + name + "`."));
            return new GateAnswer(name, "switch", false, reasons, null);
        }
        state(gateInput.get()).ifPresent(reasons::add);
        job.filter(j -> !j.fingerprint().equals(gateInput.get().fingerprint()))
                .ifPresent(j -> reasons.add(new Reason(
                        "definition-changed",
                        "The job's definition has changed since run "
                                + gateInput.get().run() + " (fingerprint "
                                + brief(gateInput.get().fingerprint()) + " then, " + brief(j.fingerprint())
                                + " now). Run it again.")));
        Evidence evidence = gateInput.get().evidence();
        if (evidence != null) {
            target(name, job, gateInput.get(), evidence, targets).ifPresent(reasons::add);
        }
        return new GateAnswer(
                name,
                "switch",
                reasons.isEmpty(),
                List.copyOf(reasons),
                evidence == null ? null : shown(job, gateInput.get(), evidence));
    }

    /** The job; a definition that this worker cannot read is a reason. */
    private static Optional<Job> readable(Jobs defined, String name, List<Reason> reasons) {
        try {
            return defined.find(name);
        } catch (Problem e) {
            if (e.kind() != Problem.Kind.UNPROCESSABLE) {
                throw e;
            }
            reasons.add(new Reason(e.code(), e.getMessage()));
            return Optional.empty();
        }
    }

    private Map<String, Difference> differences(Collection<String> names) {
        try {
            return agreement.differences(databases.control().sql(), names);
        } catch (DataAccessException e) {
            throw databases.control().unavailable(e);
        }
    }

    private static Optional<Reason> state(GateInput gateInput) {
        String run = "Run " + gateInput.run();
        return switch (gateInput.state()) {
            case SUCCEEDED ->
                gateInput.evidence() == null
                        ? Optional.of(new Reason("no-evidence", run + " left no evidence. Run the job again."))
                        : Optional.empty();
            case QUEUED, RUNNING, VERIFYING, SWEEPING ->
                Optional.of(new Reason(
                        "run-live", run + " is " + gateInput.state().code() + ". Wait for it: `sluice status`."));
            case PAUSED ->
                Optional.of(new Reason(
                        "run-paused", run + " is paused. Go on with it: `sluice resume " + gateInput.run() + "`."));
            case INCOMPLETE, FAILED, CANCELLED ->
                Optional.of(new Reason(
                        "run-" + gateInput.state().code(),
                        run + " is " + gateInput.state().code() + why(gateInput)
                                + " Start the job again when that is fixed."));
        };
    }

    private static String why(GateInput gateInput) {
        var failure = gateInput.failure();
        return failure == null ? "." : ": " + failure.message();
    }

    /** What the target says against the evidence, by its own clock. */
    private Optional<Reason> target(
            String name, Optional<Job> job, GateInput gateInput, Evidence evidence, TargetsNow targets) {
        try {
            TargetsNow.Now now = targets.now(gateInput.database());
            Optional<Reason> other = identity(gateInput.database(), now.identity(), evidence);
            return other.isPresent() || !gateInput.canBeRenewed()
                    ? other
                    : age(name, job, evidence, Duration.between(evidence.lookedAt(), now.clock()));
        } catch (Problem e) {
            return Optional.of(new Reason(e.code(), e.getMessage()));
        }
    }

    /**
     * Evidence that could be renewed, and is not, has lost its worth: nobody has looked since. Time in which the job
     * may not work does not count.
     */
    private Optional<Reason> age(String name, Optional<Job> job, Evidence evidence, Duration age) {
        Duration limit =
                expiresAfter.orElseGet(() -> repeatEvery.multipliedBy(2).plus(evidence.lookLength()));
        var hours =
                new OpeningHours(job.map(j -> j.migrate().throttle().windows()).orElse(List.of()));
        Instant verified = evidence.lookedAt();
        if (hours.openBetween(verified, verified.plus(age), limit.plusMinutes(1))
                        .compareTo(limit)
                <= 0) {
            return Optional.empty();
        }
        return Optional.of(new Reason(
                "evidence-old",
                "The rows were last verified " + whole(age) + " ago, as of " + evidence.verifiedAsOf()
                        + "; evidence older than " + whole(limit) + " is void ("
                        + (expiresAfter.isPresent()
                                ? "verify.evidence-expires-after"
                                : "twice verify.repeat-every, " + DurationText.format(repeatEvery)
                                        + ", and what the last look took, " + whole(evidence.lookLength())
                                        + "; verify.evidence-expires-after changes it")
                        + ")"
                        + (hours.windows().isEmpty() ? "" : "; only time in the job's windows counts")
                        + ". Look at `sluice status " + name
                        + "` for what holds the renewal, and whether a worker is alive; it opens when the rows have been"
                        + " looked at again."));
    }

    private static String whole(Duration length) {
        return DurationText.format(
                length.compareTo(Duration.ofSeconds(1)) < 0 ? length : length.truncatedTo(ChronoUnit.SECONDS));
    }

    private static Optional<Reason> identity(String database, Identity now, Evidence evidence) {
        Identity then = new Identity(
                evidence.systemIdentifier(), evidence.databaseName(), evidence.timeline(), now.serverVersion());
        if (!now.sameDatabase(then)) {
            return Optional.of(new Reason(
                    "identity-differs",
                    "The evidence is of database " + then.databaseName() + " of cluster " + then.systemIdentifier()
                            + "; \"" + database + "\" is now " + now.databaseName() + " of cluster "
                            + now.systemIdentifier() + ". Run the job on this one."));
        }
        if (now.timeline() != then.timeline()) {
            return Optional.of(new Reason(
                    "timeline-differs",
                    "Another server was promoted since the verification (timeline " + then.timeline() + " then, "
                            + now.timeline() + " now), and may have lost commits. Run the job again."));
        }
        return Optional.empty();
    }

    private Map<String, Object> shown(Optional<Job> job, GateInput gateInput, Evidence evidence) {
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("run", gateInput.run());
        shown.put("fingerprint", gateInput.fingerprint());
        shown.put("rows", evidence.rows());
        shown.put("verifiedAsOf", evidence.verifiedAsOf());
        if (evidence.verifiedUntil() != null) {
            shown.put("verifiedUntil", evidence.verifiedUntil());
        }
        shown.put("verification", evidence.verification());
        shown.put("condition", text(evidence.condition(), "each range was committed once"));
        shown.put("because", evidence.because());
        shown.put("changed", evidence.changed());
        shown.put("stillMatching", evidence.stillMatching());
        shown.put("unchanged", evidence.unchanged());
        if (job.map(j -> j.migrate().shape() instanceof Shape.Insert).orElse(evidence.orphansChecked())) {
            shown.put("orphansChecked", evidence.orphansChecked()); // elsewhere nothing can be an orphan
            shown.put("collapsed", evidence.collapsed());
            shown.put("sharedKeys", evidence.sharedKeys());
        }
        shown.put("sweeps", evidence.sweeps());
        shown.put("analyzedAt", evidence.analyzedAt());
        Map<String, Object> database = new LinkedHashMap<>();
        database.put("name", gateInput.database());
        database.put("database", evidence.databaseName());
        database.put("systemIdentifier", evidence.systemIdentifier());
        database.put("timeline", evidence.timeline());
        shown.put("database", database);
        return shown;
    }

    private static String text(@Nullable String value, String otherwise) {
        return value == null ? otherwise : value;
    }

    private static String brief(String fingerprint) {
        return fingerprint.substring(0, Math.min(12, fingerprint.length()));
    }
}
