package dev.vestibule.cli.vdso;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Is the published table of strategies what the machine does? */
class RecognitionPageTest {
  @Test
  void pageInDocsIsUpToDate() throws Exception {
    assertThat(Files.readString(Path.of("../docs/recognition.md")))
        .as("docs/recognition.md; renew it: ./vestibule vdso find --table > docs/recognition.md")
        .isEqualTo(RecognitionPage.text());
  }
}
