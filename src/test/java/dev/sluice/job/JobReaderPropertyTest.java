package dev.sluice.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.StringLength;

/** Whatever a file says, reading it ends with a job or with mistakes. */
class JobReaderPropertyTest {
    private static final JobReader READER = new JobReader(cron -> Optional.empty());
    private static final String FILE = """
        job: users
        database: crm
        migrate:
          table: app."Users"
          insert:
            into: app.u
            columns: { a: "f(x, 'y')", '"B"': 1.50 }
            conflict: { columns: [a], do: update }
          where: x ? 'y' AND $$z$$ <> E'\\\\'
          key: [id, '"K k"']
          batch: { target: 9s, size: 10 }
          throttle:
            rows-per-second: 7
            wal-per-hour: 20GB
            cores: 7.5%
            replica-lag: { limit: 5s, bytes: 1GB, except: [a, b], on-unknown: ignore }
            commit-latency: 2.5
            lock-waits: off
            dead-tuples: 12.5%
            replication-slots: { retained: 3TB }
            sql: [{ name: q, query: "SELECT count(*) FROM q WHERE b ? 'y'", limit: 0.5, every: 10s }]
            http: [{ name: s, url: "https://a.b:81/c?d=%20", pointer: /e/0/~1f, limit: 7 }, { name: t, url: http://g }]
            prometheus: [{ name: p, url: http://h/i/, query: "max(up{j='k'})", limit: 1e3, on-unknown: ignore }]
            windows: [Fri-Mon 22:00-06:00 Europe/Berlin, "Sat, sunday 00:00-24:00 +05:45"]
          schedule: { cron: "0 0 1 * * ?", zone: Europe/Berlin, misfire: skip }
        switch: { verify: &v a IS NOT NULL }
        """;

    @Example
    void theWholeFileIsAJob() {
        assertThat(READER.read("a.yaml", FILE).mistakes()).isEmpty();
    }

    @Property(tries = 4000)
    void aDamagedFileIsReadOrRefused(
            @ForAll @IntRange(max = 1300) int from,
            @ForAll @IntRange(max = 12) int length,
            @ForAll
                    @Chars({
                        'a', '1', ':', ' ', '\n', '-', '{', '}', '[', ']', '"', '\'', '&', '*', '!', '|', '#', '\t',
                        '\\', '\0', '%', '?', ',', 'é', '\ud800'
                    })
                    @StringLength(max = 6)
                    String instead) {
        int start = Math.min(from, FILE.length());
        int end = Math.min(start + length, FILE.length());
        JobFile file = READER.read("a.yaml", FILE.substring(0, start) + instead + FILE.substring(end));

        assertThat(file.job().isPresent()).isEqualTo(file.mistakes().isEmpty());
        file.job()
                .ifPresent(job ->
                        assertThat(JobReader.fromDefinition(job.definition())).isEqualTo(job));
        assertThat(file.mistakes()).allSatisfy(m -> assertThat(m.reason()).isNotBlank());
    }
}
