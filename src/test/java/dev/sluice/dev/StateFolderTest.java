package dev.sluice.dev;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StateFolderTest {
    private static final Path HOME = Path.of("/home/ada");

    @Test
    void followsThePlatform() {
        assertThat(StateFolder.of(Map.of(), "Linux", HOME).root()).hasToString("/home/ada/.local/state/sluice/dev");
        assertThat(StateFolder.of(Map.of("XDG_STATE_HOME", "/var/ada"), "Linux", HOME)
                        .root())
                .hasToString("/var/ada/sluice/dev");
        assertThat(StateFolder.of(Map.of("XDG_STATE_HOME", "/var/ada"), "Mac OS X", HOME)
                        .root())
                .hasToString("/home/ada/Library/Application Support/sluice/dev");
        assertThat(StateFolder.of(Map.of("LOCALAPPDATA", "/local"), "Windows 11", HOME)
                        .root())
                .hasToString("/local/sluice/dev");
        assertThat(StateFolder.of(Map.of(), "Windows 11", HOME).root())
                .hasToString("/home/ada/AppData/Local/sluice/dev");
    }

    @Test
    void aFolderThatIsNamedIsTaken() {
        var named = Map.of("SLUICE_STATE", "/srv/sluice", "XDG_STATE_HOME", "/var/ada");
        for (String os : java.util.List.of("Linux", "Mac OS X", "Windows 11")) {
            assertThat(StateFolder.of(named, os, HOME).root()).hasToString("/srv/sluice/dev");
            assertThat(StateFolder.of(named, os, HOME).binaries()).hasToString("/srv/sluice/postgres");
        }
        assertThat(StateFolder.of(Map.of("SLUICE_STATE", "here"), "Linux", HOME).root())
                .isEqualTo(Path.of("here", "dev").toAbsolutePath());
        assertThat(StateFolder.of(Map.of("SLUICE_STATE", " "), "Linux", HOME).root())
                .hasToString("/home/ada/.local/state/sluice/dev");
    }

    @Test
    void aRelativeXdgFolderCountsAsNone() {
        assertThat(StateFolder.of(Map.of("XDG_STATE_HOME", "state"), "Linux", HOME)
                        .root())
                .hasToString("/home/ada/.local/state/sluice/dev");
    }

    @Test
    void programsAreKeptBesideTheDataSoThatFreshKeepsThem() {
        var folder = StateFolder.of(Map.of(), "Linux", HOME);
        assertThat(folder.binaries().startsWith(folder.root())).isFalse();
        assertThat(folder.data().startsWith(folder.root())).isTrue();
    }
}
