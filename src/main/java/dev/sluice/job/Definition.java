package dev.sluice.job;

import dev.sluice.sql.SqlName;
import dev.sluice.sql.SqlText;
import dev.sluice.time.DurationText;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A job's canonical form. The definition is the job file as JSON, keys in a fixed order and names spelled one way, so
 * that it reads back as the same job. The fingerprint is over the part of it that decides about rows; SQL counts
 * without its layout and comments, and the order of columns does not matter.
 */
final class Definition {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private Definition() {}

    /** The job with its fingerprint and its definition. */
    static Job job(
            String name,
            Optional<String> description,
            Optional<String> owner,
            String database,
            Job.Migrate migrate,
            Optional<String> verify) {
        ObjectNode root = JSON.objectNode();
        root.put("job", name);
        description.ifPresent(d -> root.put("description", d));
        owner.ifPresent(o -> root.put("owner", o));
        root.put("database", database);
        root.set("migrate", migrate(migrate));
        verify.ifPresent(v -> root.putObject("switch").put("verify", v));
        return new Job(
                name,
                description,
                owner,
                database,
                migrate,
                verify,
                fingerprint(database, migrate, verify),
                text(root));
    }

    private static ObjectNode migrate(Job.Migrate migrate) {
        ObjectNode node = JSON.objectNode();
        node.put("table", SqlName.spell(migrate.table()));
        switch (migrate.shape()) {
            case Shape.Set set -> node.set("set", columns(set.columns()));
            case Shape.Insert insert -> node.set("insert", insert(insert));
            case Shape.Delete() -> node.put("delete", true);
            case Shape.Sql sql -> node.put("sql", sql.statement());
        }
        migrate.where().ifPresent(w -> node.put("where", w));
        if (!migrate.key().isEmpty()) {
            node.set("key", names(migrate.key()));
        }
        node.put("partitions", migrate.partitions());
        node.putObject("batch")
                .put("target", DurationText.format(migrate.batch().target()))
                .put("size", migrate.batch().size());
        switch (migrate.batch().stripes()) {
            case Stripes.Auto auto -> node.put("stripes", auto.text());
            case Stripes.Off off -> node.put("stripes", off.text());
            case Stripes.Fixed(int number) -> node.put("stripes", number);
        }
        ThrottleDefinition.of(migrate.throttle()).ifPresent(t -> node.set("throttle", t));
        migrate.schedule()
                .ifPresent(s -> node.putObject("schedule")
                        .put("cron", s.cron())
                        .put("zone", s.zone().getId())
                        .put("misfire", s.misfire().name().toLowerCase(Locale.ROOT)));
        node.put("again", migrate.again());
        if (!migrate.settings().isEmpty()) {
            ObjectNode settings = node.putObject("settings");
            migrate.settings().forEach(settings::put);
        }
        if (migrate.keysStay()) {
            node.put("key-changes", "never");
        }
        return node;
    }

    private static ObjectNode insert(Shape.Insert insert) {
        ObjectNode node = JSON.objectNode();
        node.put("into", SqlName.spell(insert.target()));
        node.set("columns", columns(insert.columns()));
        ObjectNode conflict = node.putObject("conflict");
        conflict.set("columns", names(insert.conflict().columns()));
        conflict.put("do", insert.conflict().action().name().toLowerCase(Locale.ROOT));
        node.put("orphans", insert.checkOrphans() ? "check" : "allow");
        return node;
    }

    private static ObjectNode columns(Map<String, String> columns) {
        ObjectNode node = JSON.objectNode();
        columns.forEach((name, expression) -> node.put(SqlName.spell(name), expression));
        return node;
    }

    private static ArrayNode names(List<String> names) {
        ArrayNode node = JSON.arrayNode();
        names.forEach(n -> node.add(SqlName.spell(n)));
        return node;
    }

    private static String fingerprint(String database, Job.Migrate migrate, Optional<String> verify) {
        ObjectNode node = JSON.objectNode();
        node.put("database", database);
        node.put("table", SqlName.spell(migrate.table()));
        switch (migrate.shape()) {
            case Shape.Set set -> node.set("set", columns(layoutless(set.columns())));
            case Shape.Insert insert ->
                node.set(
                        "insert",
                        insert(new Shape.Insert(
                                insert.target(),
                                layoutless(insert.columns()),
                                new Shape.Conflict(
                                        insert.conflict().columns().stream()
                                                .sorted()
                                                .toList(),
                                        insert.conflict().action()),
                                insert.checkOrphans())));
            case Shape.Delete() -> node.put("delete", true);
            case Shape.Sql sql -> node.put("sql", layoutless(sql.statement()));
        }
        migrate.where().ifPresent(w -> node.put("where", layoutless(w)));
        if (!migrate.key().isEmpty()) {
            node.set("key", names(migrate.key()));
        }
        verify.ifPresent(v -> node.put("verify", layoutless(v)));
        if (!migrate.settings().isEmpty()) {
            ObjectNode settings = node.putObject("settings");
            Map<String, String> sorted = new TreeMap<>();
            migrate.settings().forEach((name, value) -> sorted.put(name.toLowerCase(Locale.ROOT), value));
            sorted.forEach(settings::put);
        }
        return sha256(text(node));
    }

    private static Map<String, String> layoutless(Map<String, String> columns) {
        Map<String, String> sorted = new TreeMap<>();
        columns.forEach((name, expression) -> sorted.put(name, layoutless(expression)));
        return sorted;
    }

    private static String layoutless(String sql) {
        return SqlText.of(sql).normalized();
    }

    private static String text(ObjectNode node) {
        return JsonMapper.shared().writeValueAsString(node);
    }

    private static String sha256(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
