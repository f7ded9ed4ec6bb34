package dev.vestibule.cli.sysroot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.cli.sysroot.Alternatives.Link;
import dev.vestibule.cli.sysroot.Alternatives.Offer;
import java.util.List;
import org.junit.jupiter.api.Test;

class AlternativesTest {
  @Test
  void offersAreReadFromAScriptThatIsNotRun() {
    Alternatives.Reading reading =
        Alternatives.read(
            """
            #!/bin/sh
            # update-alternatives --install /usr/bin/no no /usr/bin/none 1
            if [ "$1" = configure ]; then update-alternatives --quiet --install \\
                /usr/bin/awk awk '/usr/bin/gawk' 10 \\
                --slave /usr/bin/nawk nawk /usr/bin/gawk || true; fi
            update-alternatives --quiet \\
                --install /usr/bin/cc cc /usr/bin/gcc 20 \\
                #--slave /usr/bin/x x /usr/bin/y
            update-alternatives --remove old /usr/bin/old
            update-alternatives --install "$BIN"/"$NAME" "$NAME" "$BIN"/"$NAME".procps 50
            """);
    assertThat(reading.offers())
        .containsExactly(
            new Offer(
                new Link("/usr/bin/awk", "awk", "/usr/bin/gawk"),
                10,
                List.of(new Link("/usr/bin/nawk", "nawk", "/usr/bin/gawk"))),
            new Offer(new Link("/usr/bin/cc", "cc", "/usr/bin/gcc"), 20, List.of()));
    assertThat(reading.computed()).isEqualTo(1);
  }

  @Test
  void anUnfinishedScriptIsReadToItsEnd() {
    for (String script : List.of("", "'", "\\", "update-alternatives --install", "a #", "#")) {
      assertThat(Alternatives.read(script).offers()).isEmpty();
    }
  }
}
