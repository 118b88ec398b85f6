package dev.sluice.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.OptionalLong;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

/** Numbers of bytes as people write them. */
class SizeTextTest {
    @Example
    void unitsAreDecimal() {
        assertThat(SizeText.parse("0B")).isEqualTo(OptionalLong.of(0));
        assertThat(SizeText.parse("7B")).isEqualTo(OptionalLong.of(7));
        assertThat(SizeText.parse("7kB")).isEqualTo(OptionalLong.of(7_000));
        assertThat(SizeText.parse("7MB")).isEqualTo(OptionalLong.of(7_000_000));
        assertThat(SizeText.parse("7GB")).isEqualTo(OptionalLong.of(7_000_000_000L));
        assertThat(SizeText.parse("7TB")).isEqualTo(OptionalLong.of(7_000_000_000_000L));
        assertThat(SizeText.parse("999999999999999TB")).isEqualTo(OptionalLong.of(Long.MAX_VALUE));
    }

    @Example
    void theLargestUnitIsWrittenThatKeepsItWhole() {
        assertThat(List.of(0L, 1L, 1500L, 2000L, 1_500_000_000L, 20_000_000_000L, SizeText.LARGEST).stream()
                        .map(SizeText::format))
                .containsExactly("0B", "1B", "1500B", "2kB", "1500MB", "20GB", "1000TB");
    }

    @Example
    void anythingElseIsNone() {
        for (String text : List.of(
                "",
                "7",
                "B",
                "7 B",
                "7b",
                "7KB",
                "7mb",
                "7GiB",
                "-7B",
                "+7B",
                "1.5GB",
                "1e3B",
                "７B",
                "7PB",
                "1234567890123456B",
                "7GB ")) {
            assertThat(SizeText.parse(text)).as(text).isEmpty();
        }
    }

    @Property
    void whatIsWrittenReadsBack(@ForAll @LongRange(min = 0, max = SizeText.LARGEST) long bytes) {
        assertThat(SizeText.parse(SizeText.format(bytes))).isEqualTo(OptionalLong.of(bytes));
    }
}
