package dev.vestibule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Is the published table of kernels what the profiles say? */
class ProfilesPageTest {
  @Test
  void pageInDocsIsUpToDate() throws Exception {
    assertThat(Files.readString(Path.of("../docs/profiles.md")))
        .as("docs/profiles.md; renew it: ./vestibule profiles --markdown > docs/profiles.md")
        .isEqualTo(ProfilesPage.page());
  }
}
