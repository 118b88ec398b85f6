package dev.sluice.throttle;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A signal that the test turns. */
final class Dial implements DatabaseSource {
    private final String code;
    double value;
    boolean hard;
    /** It reads, and has nothing to say yet. */
    boolean silent;

    @Nullable
    String broken;

    @Nullable
    Need need;

    boolean missingBreaks;
    boolean wrong;
    int reads;

    Dial(String code) {
        this.code = code;
    }

    @Override
    public String code() {
        return code;
    }

    @Override
    public List<Measurement> read(Connection connection) throws SQLException {
        reads++;
        if (wrong) {
            throw new IllegalStateException("nobody has thought of this");
        }
        if (broken != null) {
            throw new SQLException(broken, "42501");
        }
        return silent ? List.of() : List.of(Measurement.of("limit", "", value, value + "s"));
    }

    @Override
    public Optional<Need> missing(Connection connection) throws SQLException {
        if (missingBreaks) {
            throw new SQLException("gone", "08006");
        }
        return Optional.ofNullable(need);
    }

    MonitoredSignal monitored(boolean stated, boolean holds) {
        return new MonitoredSignal(
                this,
                levels -> Optional.of(new Verdict(
                        code,
                        "",
                        levels.getFirst().value(),
                        1,
                        levels.getFirst().value(),
                        code + " " + levels.getFirst().text() + " against 1s",
                        hard)),
                stated,
                holds);
    }
}
