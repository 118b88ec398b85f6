package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

class FormatsTest {
    @Test
    void whatIsNotKnownIsSaidToBeUnknown() throws Exception {
        String away =
                "{'state': 'running', 'progress': {'pass': null, 'scanned': null, 'changed': null, 'ratio': null}}";
        assertThat(Formats.step(new ObjectMapper().readTree(away.replace('\'', '"'))))
                .isEqualTo("running, unknown rows, unknown changed");
    }
}
