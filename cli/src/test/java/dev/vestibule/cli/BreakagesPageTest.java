package dev.vestibule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Is the published list of breakages what the lab runs? */
class BreakagesPageTest {
  @Test
  void pageInDocsIsUpToDate() throws Exception {
    assertThat(Files.readString(Path.of("../docs/breakages.md")))
        .as("docs/breakages.md; renew it: ./vestibule breakages --markdown > docs/breakages.md")
        .isEqualTo(BreakagesCommand.page());
  }
}
