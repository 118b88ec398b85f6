package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

class WordsTest {
    @Test
    void whatIsNotKnownIsSaidToBeUnknown() throws Exception {
        String away =
                "{'state': 'running', 'progress': {'pass': null, 'scanned': null, 'changed': null, 'ratio': null}}";
        assertThat(Words.step(new ObjectMapper().readTree(away.replace('\'', '"'))))
                .isEqualTo("running, unknown rows, unknown changed");
    }
}
