package dev.sluice.job;

import static dev.sluice.job.WrongFile.set;
import static dev.sluice.job.WrongFile.wrong;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What can be wrong with the rates, signals and windows of a job. */
class ThrottleMistakesTest {

    static Stream<WrongFile> wrongFiles() {
        return Stream.of(whole(), rates(), signals(), windows()).flatMap(List::stream);
    }

    @ParameterizedTest
    @MethodSource("wrongFiles")
    void isToldWithItsPlaceAndItsFix(WrongFile file) {
        file.isTold();
    }

    /** One key of the throttle, at line 7. */
    private static WrongFile throttle(String keyAndValue, String code, String... words) {
        String key = keyAndValue.substring(0, keyAndValue.indexOf(':'));
        return wrong(
                keyAndValue, set("  throttle:\n    " + keyAndValue + "\n"), 7, "migrate.throttle." + key, code, words);
    }

    /** One key under a key of the throttle, at line 8. */
    private static WrongFile within(String key, String innerAndValue, String code, String... words) {
        String inner = innerAndValue.substring(0, innerAndValue.indexOf(':'));
        return wrong(
                key + ": " + innerAndValue,
                set("  throttle:\n    " + key + ":\n      " + innerAndValue + "\n"),
                8,
                "migrate.throttle." + key + "." + inner,
                code,
                words);
    }

    /** The second window, at line 9. */
    private static WrongFile window(String text, String... words) {
        return wrong(
                text,
                set("  throttle:\n    windows:\n      - Mon 00:00-01:00 UTC\n      - \"" + text + "\"\n"),
                9,
                "migrate.throttle.windows[1]",
                "bad-window",
                words);
    }

    private static List<WrongFile> whole() {
        return List.of(
                wrong(
                        "a number",
                        set("  throttle: 5\n"),
                        6,
                        "migrate.throttle",
                        "wrong-type",
                        "a mapping of keys or text",
                        "`throttle: off`"),
                wrong("a word", set("  throttle: slow\n"), 6, "migrate.throttle", "bad-value", "\"slow\""),
                wrong("on", set("  throttle: true\n"), 6, "migrate.throttle", "bad-value", "true means nothing"),
                wrong("nothing", set("  throttle:\n"), 6, "migrate.throttle", "wrong-type", "empty"),
                throttle("replica-lagg: 5s", "unknown-key", "Did you mean `replica-lag`?"),
                throttle("windows: { on: Mon }", "wrong-type", "a list", "Mon-Fri 22:00-06:00 Europe/Berlin"),
                throttle("windows: []", "empty", "Mon-Fri"));
    }

    private static List<WrongFile> rates() {
        return List.of(
                throttle("wal-per-hour: 5", "wrong-type", "a number: 5", "20GB"),
                throttle("wal-per-hour: 5 GB", "bad-value", "500MB or 20GB"),
                throttle("wal-per-hour: 1.5GB", "bad-value", "whole number"),
                throttle("wal-per-hour: 5gb", "bad-value", "kB, MB, GB or TB"),
                throttle("wal-per-hour: 999kB", "out-of-range", "999kB is not within 1MB and 1000TB"),
                throttle("wal-per-hour: 1001TB", "out-of-range", "1MB and 1000TB"),
                throttle("wal-per-hour: 999999999999999TB", "out-of-range", "1MB and 1000TB"),
                throttle("wal-per-hour: off", "bad-value", "whole number"),
                throttle("cores: 0.2", "wrong-type", "a number: 0.2", "20%"),
                throttle("cores: 20", "wrong-type", "a number: 20", "20%"),
                throttle("cores: half", "bad-value", "20%"),
                throttle("cores: -5%", "bad-value", "20%"),
                throttle("cores: true", "bad-value", "true means nothing"),
                throttle("cores: { limit: 5% }", "wrong-type", "20%"),
                throttle("cores: 0%", "out-of-range", "0% is not within 0.1% and 100%"),
                throttle("cores: 101%", "out-of-range", "101% is not within 0.1% and 100%"));
    }

    private static List<WrongFile> signals() {
        return List.of(
                throttle("replica-lag: 5", "wrong-type", "a number: 5", "`{ limit: 5s, bytes: 1GB }`"),
                throttle("replica-lag: soon", "bad-value", "\"soon\"", "`off`"),
                throttle("replica-lag: 5GB", "bad-value", "`5s`"),
                throttle("replica-lag: true", "bad-value", "true means nothing here"),
                throttle("replica-lag: [5s]", "wrong-type", "a list"),
                throttle("replica-lag: {}", "empty", "`5s`"),
                throttle("replica-lag: 0s", "out-of-range", "0s is not within 1ms and 30d", "`5s`"),
                throttle("oldest-transaction: 31d", "out-of-range", "31d is not within 1ms and 30d"),
                throttle("autovacuum: 5", "wrong-type", "`30m`"),
                throttle("wal-archive: 5s", "bad-value", "`1GB`"),
                throttle("wal-archive: 999B", "out-of-range", "999B is not within 1kB and 1000TB"),
                throttle("replication-slots: 1", "wrong-type", "`{ limit: 1GB, retained: 10GB }`"),
                throttle("dead-tuples: 0.6", "wrong-type", "`60%`"),
                throttle("dead-tuples: 60", "wrong-type", "`60%`"),
                throttle("dead-tuples: 60.123%", "bad-value", "`60%`"),
                throttle("dead-tuples: 101%", "out-of-range", "101% is not within 0.1% and 100%"),
                throttle("dead-tuples: 0%", "out-of-range", "0.1% and 100%"),
                throttle("lock-waits: 0", "out-of-range", "0 is not within 0.1 and 1000000"),
                throttle("lock-waits: 2s", "bad-value", "such as `2`"),
                throttle("active-sessions: 1000001", "out-of-range", "0.1 and 1000000"),
                throttle("checkpoints: -1", "out-of-range", "-1 is not within"),
                throttle("checkpoints: .inf", "bad-value", "`off`"),
                throttle("commit-latency: 1", "out-of-range", "1 is not within 1.1 and 1000"),
                throttle("commit-latency: 5ms", "bad-value", "`{ limit: 3, floor: 10ms }`"),
                within("replica-lag", "limits: 5s", "unknown-key", "Did you mean `limit`?"),
                within("replica-lag", "retained: 1GB", "unknown-key", "known here: limit, bytes, except, on-unknown"),
                within("replica-lag", "limit: 5", "wrong-type", "200ms, 5s"),
                within("replica-lag", "limit: 0s", "out-of-range", "1ms and 30d"),
                within("replica-lag", "bytes: 1 GB", "bad-value", "20GB"),
                within("replica-lag", "bytes: 1B", "out-of-range", "1B is not within 1kB and 1000TB"),
                within("replica-lag", "on-unknown: go", "bad-value", "hold, ignore", "`on-unknown: hold`"),
                within("replica-lag", "on-unknown: off", "bad-value", "hold, ignore"),
                within("replica-lag", "except: analytics", "wrong-type", "`except: [analytics]`"),
                within("replica-lag", "except: []", "empty", "`except: [analytics]`"),
                within("lock-waits", "except: [a]", "unknown-key", "known here: limit, on-unknown"),
                within("lock-waits", "limit: many", "wrong-type", "such as 2"),
                within("commit-latency", "limit: 1001", "out-of-range", "1.1 and 1000"),
                within("commit-latency", "limit: 1.23456789012345678901234", "bad-value", "`2.5`"),
                within("commit-latency", "floor: 10", "wrong-type", "200ms"),
                within("commit-latency", "floor: 0ms", "out-of-range", "1ms and 30d"),
                within("replication-slots", "retained: 5s", "bad-value", "20GB"),
                within("dead-tuples", "limit: 0.6", "wrong-type", "60%"),
                except("[a, 5]", "wrong-type", "a number: 5", "`analytics`"),
                except("[a, \"\"]", "empty", "nothing is in it"),
                except("[a, \" \"]", "empty", "Write a name"),
                except("[a, a]", "duplicate-name", "twice"));
    }

    /** The second exception, at line 7. */
    private static WrongFile except(String names, String code, String... words) {
        return wrong(
                "except " + names,
                set("  throttle:\n    replica-lag: { except: " + names + " }\n"),
                7,
                "migrate.throttle.replica-lag.except[1]",
                code,
                words);
    }

    private static List<WrongFile> windows() {
        return List.of(
                wrong(
                        "a number for a window",
                        set("  throttle: { windows: [5] }\n"),
                        6,
                        "migrate.throttle.windows[0]",
                        "wrong-type",
                        "Mon-Fri"),
                window("at night", "\"at night\" is no window", "Mon-Fri 22:00-06:00 Europe/Berlin"),
                window("22:00-06:00 UTC", "the days are missing"),
                window("Mon 22:00-06:00", "the time zone is missing", "Europe/Berlin"),
                window("Mon-Fry 22:00-06:00 UTC", "\"Fry\" is no day", "Mon, Tue"),
                window("Mon,,Tue 22:00-06:00 UTC", "\"\" is no day"),
                window("Mon-Wed-Fri 22:00-06:00 UTC", "\"Wed-Fri\" is no day"),
                window("Mo 22:00-06:00 UTC", "\"Mo\" is no day"),
                window("Mon 22:00-25:00 UTC", "25:00 is no time of day", "24:00"),
                window("Mon 22:60-23:00 UTC", "22:60 is no time of day"),
                window("Mon 24:00-06:00 UTC", "nothing opens at 24:00"),
                window("Mon 22:00-24:01 UTC", "24:01 is no time of day"),
                window("Mon 22-06 UTC", "is no window"),
                window("Mon 22:00 UTC", "is no window"),
                window("Mon 22:00-06:00 Europe/Berlln", "no time zone", "Did you mean `Europe/Berlin`?"),
                window("Mon 22:00-06:00 the moon", "\"the moon\" is no time zone", "UTC"));
    }
}
