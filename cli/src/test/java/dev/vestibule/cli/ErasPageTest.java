package dev.vestibule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Is the published table of kernels what the profiles say? */
class ErasPageTest {
  @Test
  void pageInDocsIsUpToDate() throws Exception {
    assertThat(Files.readString(Path.of("../docs/eras.md")))
        .as("docs/eras.md; renew it: ./vestibule profiles --markdown > docs/eras.md")
        .isEqualTo(ErasPage.page());
  }
}
