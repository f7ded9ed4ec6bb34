package dev.vestibule.cli.sysroot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AptTest {
  @Test
  void planGivesVersionsAndTheArchivesFileNames() {
    // Lines as apt 2.6 prints them for a new package, an upgrade and one for all architectures.
    List<Apt.Choice> plan =
        Apt.parsePlan(
            List.of(
                "Reading package lists...",
                "Inst libc6 (2.36-9 Debian:12.12/oldstable [ppc64el])",
                "Inst libgmp10 [2:6.2.0-1] (2:6.2.1+dfsg1-1.1 Debian:12.12/stable [ppc64el])",
                "Inst perl-modules-5.36 (5.36.0-7 Debian:12.12/oldstable [all]) []",
                "Conf libc6 (2.36-9 Debian:12.12/oldstable [ppc64el])"));
    assertThat(plan.stream().map(Apt.Choice::fileName))
        .containsExactly(
            "libc6_2.36-9_ppc64el.deb",
            "libgmp10_2%3a6.2.1+dfsg1-1.1_ppc64el.deb",
            "perl-modules-5.36_5.36.0-7_all.deb");
  }

  @Test
  void checksumsAreFoundByNameAndVersion() {
    assertThat(
            Apt.parseChecksums(
                List.of(
                    "Package: a", "Version: 1:2", "SHA256: 0a", "", "Package: b", "Version: 3")))
        .containsOnlyKeys("a_1:2")
        .containsEntry("a_1:2", "0a");
  }

  @Test
  void everyPathAptWritesToIsInTheStateDirectory() throws Exception {
    String text =
        Apt.configuration(Path.of("/state"), "ppc64el", Path.of("/tree/var/lib/dpkg/status"));
    assertThat(text.lines().filter(line -> line.startsWith("Dir::")))
        .allMatch(line ->
            line.contains("\"/state/")
                || line.endsWith("\"\";")
                || line.startsWith("Dir::State::status \"/tree/"))
        .hasSizeGreaterThan(8);
  }

  @Test
  void aNameThatWouldEndAQuotedStringIsRefused() {
    assertThatThrownBy(() -> Apt.configuration(Path.of("/a\"; b"), "ppc64el", Path.of("/s")))
        .isInstanceOf(SysrootException.class);
  }

  @Test
  void architectureRestrictionsOfTheHostAreDropped() {
    assertThat(
            AptSources.neutralOneLine(
                List.of(
                    "deb [arch=amd64,arm64 signed-by=/k.gpg] http://a b main",
                    "deb [ arch=amd64 ] http://a b main",
                    "deb http://a b main")))
        .containsExactly(
            "deb [signed-by=/k.gpg] http://a b main",
            "deb  http://a b main",
            "deb http://a b main");
    assertThat(
            AptSources.neutralDeb822(
                List.of("Types: deb", "Architectures: amd64", " arm64", "Signed-By:", " KEY", "")))
        .containsExactly("Types: deb", "Signed-By:", " KEY", "");
  }

  @Test
  void sourceFilesAreThoseAptReads(@TempDir Path dir) throws Exception {
    for (String name : List.of("b.sources", "a.list", "c.list.disabled")) {
      Files.createFile(dir.resolve(name));
    }
    assertThat(AptSources.files(dir.resolve("absent"), dir))
        .containsExactly(dir.resolve("a.list"), dir.resolve("b.sources"));
  }

  @Test
  void onlyPackageNamesReachApt() throws Exception {
    assertThat(SysrootCommand.wanted(List.of("g++", "hello:ppc64el", "a0=1:2~3"), "ppc64el", false))
        .containsExactly("g++", "hello:ppc64el", "a0=1:2~3", "?essential");
    for (String word : List.of("-o", "hello-", "hello:amd64", "~n.", "a b", "", "./x.deb")) {
      assertThatThrownBy(() -> SysrootCommand.wanted(List.of(word), "ppc64el", true))
          .isInstanceOf(SysrootException.class);
    }
  }
}
