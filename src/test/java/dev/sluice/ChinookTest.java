package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.sluice.run.RunStatus;
import dev.sluice.testing.SteppedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Three backfills on the Chinook sample database, where its script is at hand; {@code -Dsluice.chinook} names it. */
@Timeout(120)
class ChinookTest {
    private static final Path SCRIPT =
            Path.of(System.getProperty("sluice.chinook", "../shared/data/chinook-postgresql.sql"));

    @Test
    void realNamesAreCarriedOver() throws Exception {
        assumeThat(SCRIPT).isRegularFile();
        TestPostgres.Fresh db = TestPostgres.create();
        String script;
        try (var lines = Files.lines(SCRIPT)) {
            script = lines.filter(l ->
                            !l.startsWith("DROP DATABASE") && !l.startsWith("CREATE DATABASE") && !l.startsWith("\\c"))
                    .collect(Collectors.joining("\n"));
        }
        db.run(script);
        try (TestEngine engine = TestEngine.on(db, new SteppedTime())) {
            composers(engine);
            playlists(engine);
            totals(engine);
        }
    }

    /** Accents, commas, and 900-odd tracks whose composer nobody knows. */
    private static void composers(TestEngine engine) throws InterruptedException {
        engine.db().run("ALTER TABLE track ADD COLUMN credit text");
        RunStatus run = engine.run("""
                job: track-credit
                migrate:
                  table: track
                  set: { credit: "upper(composer) || ' – ' || name" }
                  where: credit IS NULL
                  batch: { size: 300 }
                """);
        assertThat(run.failure()).isNull();
        assertThat(run.state()).isEqualTo("succeeded");
        String unknown = engine.db().value("SELECT count(*) FROM track WHERE composer IS NULL");
        assertThat(run.progress().stillMatching())
                .isEqualTo(Long.parseLong(unknown))
                .isPositive();
        assertThat(engine.db().value("SELECT count(*) FROM track WHERE credit IS NULL"))
                .isEqualTo(unknown);
        assertThat(engine.db().value("SELECT count(*) FROM track WHERE credit = concat(upper(composer), ' – ', name)"))
                .isEqualTo(engine.db().value("SELECT count(*) FROM track WHERE composer IS NOT NULL"));
        assertThat(engine.db().value("SELECT count(*) FROM track WHERE name ~ '[À-ÿ]' AND credit ~ '[À-ÿ]'"))
                .isNotEqualTo("0");
    }

    private static void playlists(TestEngine engine) throws InterruptedException {
        engine.db().run("ALTER TABLE playlist_track ADD COLUMN place int, ADD COLUMN touched int NOT NULL DEFAULT 0");
        RunStatus run = engine.run("""
                job: playlist-place
                migrate:
                  table: playlist_track
                  set: { place: playlist_id * 100000 + track_id, touched: touched + 1 }
                  where: place IS NULL
                  key: [playlist_id, track_id]
                  batch: { size: 500 }
                """);
        assertThat(run.failure()).isNull();
        assertThat(run.state()).isEqualTo("succeeded");
        String all = engine.db().value("SELECT count(*) FROM playlist_track");
        assertThat(all).isEqualTo("8715");
        assertThat(
                        engine.db()
                                .value(
                                        "SELECT count(*) FROM playlist_track WHERE place = playlist_id * 100000 + track_id AND touched = 1"))
                .isEqualTo(all);
    }

    private static void totals(TestEngine engine) throws InterruptedException {
        engine.db().run("CREATE TABLE line_total (line_id int PRIMARY KEY, total numeric(10,2))");
        RunStatus run = engine.run("""
                job: line-total
                migrate:
                  table: invoice_line
                  insert:
                    into: line_total
                    columns: { line_id: invoice_line_id, total: unit_price * quantity }
                    conflict: { columns: [line_id], do: update }
                    orphans: check
                  batch: { size: 400 }
                """);
        assertThat(run.failure()).isNull();
        assertThat(run.state()).isEqualTo("succeeded");
        assertThat(engine.db().value("SELECT count(*) FROM line_total")).isEqualTo("2240");
        assertThat(engine.db().value("SELECT sum(total) FROM line_total"))
                .isEqualTo(engine.db().value("SELECT sum(total) FROM invoice"));
    }
}
