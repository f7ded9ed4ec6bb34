package dev.vestibule.cli.sysroot;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/** Puts the files of one Debian package into a tree, by dpkg-deb and tar, without its scripts. */
final class Unpacker {
  private final Tree tree;

  Unpacker(Tree tree) {
    this.tree = tree;
  }

  /**
   * Unpacks the files with owners and permissions as the package has them; directories of the tree
   * that are links (merged /usr) stay links.
   *
   * @return the absolute names of what the package holds
   */
  List<String> files(Path deb) throws IOException, SysrootException {
    Path listing = Files.createTempFile("vestibule-sysroot", ".list");
    Path problems = Files.createTempFile("vestibule-sysroot", ".err");
    try {
      ProcessBuilder open = Tool.builder(List.of("dpkg-deb", "--fsys-tarfile", deb.toString()));
      // With -C the tree's own path is never read as part of a member name.
      List<String> tar = new ArrayList<>(List.of("tar", "-x", "-p", "-v", "-f", "-"));
      tar.addAll(List.of("--keep-directory-symlink", "--numeric-owner", "--warning=no-timestamp"));
      tar.addAll(List.of("--quoting-style=escape", "-C", tree.root().toString()));
      ProcessBuilder extract = Tool.builder(tar);
      open.redirectError(ProcessBuilder.Redirect.appendTo(problems.toFile()));
      extract.redirectError(ProcessBuilder.Redirect.appendTo(problems.toFile()));
      extract.redirectOutput(listing.toFile());
      for (Process process : ProcessBuilder.startPipeline(List.of(open, extract))) {
        if (Tool.await(process) != 0) {
          List<String> said = Files.readAllLines(problems, StandardCharsets.ISO_8859_1);
          throw new SysrootException(
              deb.getFileName() + ": " + (said.isEmpty() ? "cannot be unpacked" : said.getFirst()));
        }
      }
      List<String> names = new ArrayList<>();
      for (String line : Files.readAllLines(listing, StandardCharsets.ISO_8859_1)) {
        String name = unescape(line);
        String absolute = name.startsWith("./") ? name.substring(1) : "/" + name;
        names.add(
            absolute.length() > 1 && absolute.endsWith("/")
                ? absolute.substring(0, absolute.length() - 1)
                : absolute);
      }
      return names;
    } finally {
      Files.deleteIfExists(listing);
      Files.deleteIfExists(problems);
    }
  }

  /**
   * Undoes tar's {@code escape} quoting: {@code \n} and the like, {@code \\}, {@code \ooo} bytes.
   */
  static String unescape(String text) {
    if (text.indexOf('\\') < 0) {
      return text;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '\\' || i + 1 == text.length()) {
        bytes.write(c);
        continue;
      }
      char next = text.charAt(++i);
      if (next >= '0' && next <= '7' && i + 2 < text.length()) {
        bytes.write(Integer.parseInt(text.substring(i, i + 3), 8));
        i += 2;
      } else {
        int control = "abtnvfr".indexOf(next);
        bytes.write(control < 0 ? next : 7 + control);
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /**
   * Copies what dpkg keeps of a package (scripts, checksums, file list) to {@code
   * /var/lib/dpkg/info}.
   *
   * @return the package's control paragraph (deb-control(5))
   */
  List<String> control(Path deb, List<String> files) throws IOException, SysrootException {
    Path into = Files.createTempDirectory("vestibule-sysroot");
    try {
      Tool.Result result = Tool.run(List.of("dpkg-deb", "-e", deb.toString(), into.toString()));
      if (!result.ok()) {
        throw new SysrootException(deb.getFileName() + ": " + String.join("; ", result.lines()));
      }
      List<String> control = Files.readAllLines(into.resolve("control"));
      String base = DpkgDatabase.infoName(control);
      Path info = tree.root().resolve("var/lib/dpkg/info");
      try (var stream = Files.newDirectoryStream(into)) {
        for (Path file : stream) {
          String kind = String.valueOf(file.getFileName());
          if (!kind.equals("control")) {
            Files.move(file, info.resolve(base + "." + kind), StandardCopyOption.REPLACE_EXISTING);
          }
        }
      }
      List<String> list = files.stream().map(f -> f.equals("/") ? "/." : f).toList();
      Files.write(info.resolve(base + ".list"), list);
      return control;
    } finally {
      try (var stream = Files.newDirectoryStream(into)) {
        for (Path file : stream) {
          Files.delete(file);
        }
      }
      Files.delete(into);
    }
  }
}
