package dev.vestibule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Is the published table of system calls what the declarations say? */
class SyscallPageTest {
  @Test
  void pageInDocsIsUpToDate() throws Exception {
    Path page = Path.of("../docs/syscalls.md");
    assertThat(Files.readString(page))
        .as("docs/syscalls.md; renew it: ./vestibule syscalls --markdown > docs/syscalls.md")
        .isEqualTo(SyscallPage.markdown());
  }

  @Test
  void callsHaveTheNumbersOfTheKernelsHeaders() {
    assertThat(SyscallPage.plain())
        .containsPattern("(?m)^read +3 +3 +yes")
        .containsPattern("(?m)^clock_gettime64 +403 +- +yes")
        .containsPattern("(?m)^io_uring_setup +425 +425 +no \\(ENOSYS\\)");
  }
}
