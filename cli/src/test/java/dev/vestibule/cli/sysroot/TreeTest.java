package dev.vestibule.cli.sysroot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeTest {
  @TempDir Path outside;
  private Tree tree;
  private Path root;

  @BeforeEach
  void makeTree() throws IOException {
    root = Files.createDirectories(outside.resolve("tree")).toRealPath();
    Files.createDirectories(root.resolve("usr/lib"));
    Files.createSymbolicLink(root.resolve("lib"), Path.of("usr/lib"));
    tree = new Tree(root);
  }

  @Test
  void namesNeverLeaveTheTree() throws IOException {
    Files.createSymbolicLink(root.resolve("up"), Path.of("../../../etc"));
    Files.createSymbolicLink(root.resolve("abs"), Path.of("/etc/passwd"));
    Files.createSymbolicLink(root.resolve("loop"), Path.of("loop"));
    assertThat(tree.resolve("up")).isEqualTo(root.resolve("etc"));
    assertThat(tree.resolve("abs")).isEqualTo(root.resolve("etc/passwd"));
    assertThat(tree.resolve("/lib/../../..")).isEqualTo(root);
    assertThat(tree.resolve("loop")).isNull();
  }

  @Test
  void linksOutOfTheTreeAreTurnedToTheirMeaningInside() throws IOException {
    confined("usr/lib/ld.so", "/lib/ld-2.so", "../../lib/ld-2.so");
    confined("usr/lib/far", "../../../../lib/x", "../../lib/x");
    confined("usr/lib/near", "../share/x", "../share/x");
    confined("top", "/", ".");
    confined("usr/lib/top", "/", "../../.");
  }

  private void confined(String name, String target, String expected) throws IOException {
    Files.createSymbolicLink(root.resolve(name), Path.of(target));
    tree.confine("/" + name);
    assertThat(Files.readSymbolicLink(root.resolve(name)).toString()).isEqualTo(expected);
  }

  @Test
  void aLinkThroughMergedUsrIsRelativeToItsRealPlace() throws IOException {
    tree.link("/lib/cpp", "/etc/alternatives/cpp");
    assertThat(Files.readSymbolicLink(root.resolve("usr/lib/cpp")).toString())
        .isEqualTo("../../etc/alternatives/cpp");
    Files.writeString(root.resolve("usr/lib/real"), "kept");
    tree.link("/lib/real", "/etc/alternatives/real");
    assertThat(root.resolve("usr/lib/real")).hasContent("kept");
  }

  @Test
  void tarsQuotedNamesAreReadBack() {
    assertThat(Unpacker.unescape("./a\\\\b\\nc\\303\\266")).isEqualTo("./a\\b\nc\u00f6");
    assertThat(Unpacker.unescape("x\\")).isEqualTo("x\\");
  }
}
