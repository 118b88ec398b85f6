package dev.sluice.job;

import dev.sluice.sql.SqlName;
import dev.sluice.sql.TableName;
import dev.sluice.time.DurationText;
import java.time.Duration;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Makes a job of a tree, and notes what the schema cannot say: what belongs together, names, SQL, cron, zones. */
final class JobTranslation {
    private static final Duration SHORTEST_TARGET = Duration.ofMillis(10);
    private static final Duration LONGEST_TARGET = Duration.ofSeconds(10);

    private final Keys keys;
    private final Mistakes mistakes;
    private final CronCheck cron;
    private final ShapeTranslation shapes;
    private final ThrottleTranslation throttle;
    private final SqlChecks sql;

    JobTranslation(JsonNode root, Mistakes mistakes, CronCheck cron) {
        this.keys = new Keys(root, mistakes);
        this.mistakes = mistakes;
        this.cron = cron;
        this.shapes = new ShapeTranslation(keys, mistakes);
        this.throttle = new ThrottleTranslation(keys, mistakes);
        this.sql = new SqlChecks(mistakes);
    }

    /** The job; empty where any mistake is noted, be it by this or before. */
    Optional<Job> job() {
        Optional<Job.Migrate> migrate = keys.isMapping("migrate") ? migrate() : Optional.empty();
        Optional<String> verify = condition("switch.verify");
        Optional<String> name = keys.text("job");
        if (!mistakes.isEmpty() || migrate.isEmpty() || name.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(Definition.job(
                name.get(),
                keys.text("description"),
                keys.text("owner"),
                keys.text("database").orElse("main"),
                migrate.get(),
                verify));
    }

    private Optional<Job.Migrate> migrate() {
        Optional<TableName> table = shapes.table("migrate.table");
        Optional<Shape> shape = shapes.shape();
        Optional<String> where = condition("migrate.where");
        List<String> key = shapes.names("migrate.key");
        shape.ifPresent(s -> keysStay(s, key));
        BatchSettings batch = new BatchSettings(
                target(), keys.number("migrate.batch.size").orElse(BatchSettings.DEFAULT.size()), stripes());
        Optional<Schedule> schedule = schedule();
        if (table.isEmpty() || shape.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new Job.Migrate(
                table.get(),
                shape.get(),
                where,
                key,
                keys.number("migrate.partitions").orElse(1),
                batch,
                throttle.settings(),
                schedule,
                again(),
                keys.text("migrate.key-changes").equals(Optional.of("never")),
                new SettingsTranslation(keys, mistakes).settings()));
    }

    private void keysStay(Shape shape, List<String> key) {
        if (shape instanceof Shape.Set set) {
            for (int i = 0; i < key.size(); i++) {
                if (set.columns().containsKey(key.get(i))) {
                    mistakes.add(
                            "migrate.key[" + i + "]",
                            "key-changes",
                            "`set` changes " + SqlName.spell(key.get(i))
                                    + ": the rows would move while they are walked through.",
                            "Walk in the order of columns that stay as they are.");
                }
            }
        }
    }

    private Optional<String> condition(String key) {
        Optional<String> text = keys.text(key);
        text.ifPresent(t -> sql.expression(key, t));
        return text;
    }

    private Duration target() {
        String key = "migrate.batch.target";
        Duration target = keys.text(key).flatMap(DurationText::parse).orElse(BatchSettings.DEFAULT.target());
        if (target.compareTo(SHORTEST_TARGET) < 0 || target.compareTo(LONGEST_TARGET) > 0) {
            mistakes.add(
                    key,
                    "out-of-range",
                    DurationText.format(target) + " is not within 10ms and 10s.",
                    "Write a duration from 10ms to 10s, such as `target: 200ms`: locks are held about that long.");
        }
        return target;
    }

    private Stripes stripes() {
        Optional<Stripes> number = keys.number("migrate.stripes").map(Stripes.Fixed::new);
        if (number.isPresent() && !keys.has("migrate.set")) {
            mistakes.add(
                    "migrate.stripes",
                    "not-for-this-shape",
                    "only `set` changes rows in place, and so only `set` knows stripes.",
                    "Take the key away.");
        }
        return number.or(() -> keys.text("migrate.stripes")
                        .map(text -> text.equals("off") ? new Stripes.Off() : new Stripes.Auto()))
                .orElse(Stripes.DEFAULT);
    }

    private boolean again() {
        return keys.text("migrate.again").equals(Optional.of("true"));
    }

    private Optional<Schedule> schedule() {
        String key = "migrate.schedule";
        if (!keys.has(key)) {
            return Optional.empty();
        }
        if (!keys.has("migrate.where") && !keys.has("migrate.delete")) {
            mistakes.add(
                    key,
                    "not-repeatable",
                    "a job without `where` is not repeatable: it would change every row again at every start.",
                    "Add a `where` that names the rows still to be done, or take the schedule away and start the job"
                            + " by hand.");
        }
        if (keys.has("migrate.sql") && !again()) {
            mistakes.add(
                    key,
                    "not-repeatable",
                    "nobody knows whether a statement of one's own leaves alone, at the next start, what it has changed.",
                    "Say `again: true` if it does, or take the schedule away and start the job by hand.");
        }
        Optional<String> expression = keys.text(key + ".cron");
        ZoneId zone = keys.text(key + ".zone").map(this::zone).orElse(ZoneOffset.UTC);
        Schedule.Misfire misfire = keys.text(key + ".misfire")
                .map(m -> Schedule.Misfire.valueOf(m.toUpperCase(Locale.ROOT)))
                .orElse(Schedule.Misfire.ONCE);
        Optional<Schedule> schedule = expression.map(e -> new Schedule(e, zone, misfire));
        schedule.flatMap(cron::mistake)
                .ifPresent(m -> mistakes.add(
                        key + ".cron",
                        "bad-cron",
                        "\"" + expression.get() + "\" is no Quartz cron expression that starts anything: " + m + ".",
                        "Write six or seven fields, second first, one of day-of-month and day-of-week a '?',"
                                + " such as \"0 0 1 * * ?\" for every night at one."));
        return schedule;
    }

    private ZoneId zone(String text) {
        return ZoneText.parse(text).orElseGet(() -> {
            mistakes.add("migrate.schedule.zone", "bad-zone", ZoneText.reason(text), ZoneText.fix(text));
            return ZoneOffset.UTC;
        });
    }
}
