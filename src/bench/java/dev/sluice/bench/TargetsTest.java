package dev.sluice.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TargetsTest {
    private static Targets given(String name, String value) {
        var properties = new Properties();
        properties.setProperty(name, value);
        return new Targets(properties);
    }

    @Test
    void whatIsNotGivenIsAsUsual() {
        for (Targets wishes : List.of(new Targets(new Properties()), given("bench.pairs", " "))) {
            assertThat(wishes.number("bench.pairs", 15, 1, 200)).isEqualTo(15);
            assertThat(wishes.choice("bench.suite", List.of("speed", "all"))).isEqualTo("speed");
        }
    }

    @Test
    void whatIsGivenCounts() {
        assertThat(given("bench.pairs", "200").number("bench.pairs", 15, 1, 200))
                .isEqualTo(200);
        assertThat(given("bench.suite", "all").choice("bench.suite", List.of("speed", "all")))
                .isEqualTo("all");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "201", "-1", "many", "1.5", "99999999999", "2_000"})
    void aBadNumberIsAnError(String value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> given("bench.pairs", value).number("bench.pairs", 15, 1, 200))
                .withMessage("-Dbench.pairs=" + value + ": it must be a whole number from 1 to 200");
    }

    @ParameterizedTest
    @ValueSource(strings = {"foregrund", "ALL", "speed,all"})
    void aBadChoiceIsAnError(String value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> given("bench.suite", value).choice("bench.suite", List.of("speed", "all")))
                .withMessage("-Dbench.suite=" + value + ": it must be one of speed, all");
    }
}
