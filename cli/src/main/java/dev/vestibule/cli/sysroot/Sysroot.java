package dev.vestibule.cli.sysroot;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Builds and extends a directory that holds the files of Debian packages of one architecture.
 *
 * <p>Packages' maintainer scripts are not run, since they are programs of that architecture. What
 * every one of them would leave behind is made here: merged /usr, users, name service,
 * alternatives.
 */
public final class Sysroot {
  /** Names the architecture in a directory that this class made. */
  private static final String MARK = ".vestibule-sysroot";

  private static final String PASSWD =
      """
      root:x:0:0:root:/root:/bin/sh
      nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
      """;
  private static final String GROUP =
      """
      root:x:0:
      tty:x:5:
      nogroup:x:65534:
      """;
  private static final String NSSWITCH =
      """
      passwd: files
      group: files
      shadow: files
      hosts: files dns
      protocols: files
      services: files
      """;
  private static final String HOSTS =
      """
      127.0.0.1 localhost
      ::1 localhost ip6-localhost
      """;

  private final String architecture;
  private final Path directory;
  private final Path state;
  private final Consumer<String> notes;
  private final Consumer<String> progress;

  /**
   * Names a sysroot, or a directory to become one, which is empty or does not exist.
   *
   * @param architecture Debian's name, such as {@code ppc64el}
   * @param state where apt's lists and downloaded packages are kept between runs
   * @param notes receives one line for each thing left out
   * @param progress receives the current step
   * @throws SysrootException if the directory holds something else
   */
  public Sysroot(
      String architecture,
      Path directory,
      Path state,
      Consumer<String> notes,
      Consumer<String> progress)
      throws IOException, SysrootException {
    if (!architecture.matches("[a-z0-9][a-z0-9-]*")) {
      throw new SysrootException(architecture + ": not an architecture name");
    }
    this.architecture = architecture;
    this.notes = notes;
    this.progress = progress;
    this.state = state.toAbsolutePath().normalize();
    this.directory = directory;
    check();
  }

  private void check() throws IOException, SysrootException {
    Path mark = directory.resolve(MARK);
    if (Files.exists(mark)) {
      String has = Files.readString(mark).strip();
      if (!has.equals(architecture)) {
        throw new SysrootException(directory + ": a sysroot for " + has);
      }
    } else if (Files.isDirectory(directory)) {
      try (var entries = Files.newDirectoryStream(directory)) {
        if (entries.iterator().hasNext()) {
          throw new SysrootException(directory + ": neither empty nor a sysroot");
        }
      }
    } else if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      throw new SysrootException(directory + ": not a directory");
    }
  }

  /**
   * Adds packages with what they depend on.
   *
   * @param packages names, {@code name=version} or apt patterns such as {@code ?essential}
   * @param sources files in the formats of sources.list(5)
   * @return how many packages were unpacked
   */
  public int install(List<String> packages, List<Path> sources)
      throws IOException, SysrootException {
    Files.createDirectories(state);
    try (FileChannel lock =
        FileChannel.open(
            state.resolve("sysroot.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      lock.lock();
      Apt apt = new Apt(state, architecture, notes);
      apt.configure(sources, DpkgDatabase.status(directory));
      progress.accept("reading package indexes");
      apt.update();
      List<Apt.Choice> plan = apt.resolve(packages);
      if (!plan.isEmpty()) {
        apt.download(packages, plan.size(), progress);
        verify(apt, plan);
      }
      Files.createDirectories(directory);
      Files.writeString(directory.resolve(MARK), architecture + "\n");
      Tree tree = new Tree(directory);
      layOut(tree.root());
      unpack(tree, apt.archives(), plan);
      finish(tree);
      return plan.size();
    }
  }

  /** Makes merged /usr and the directories that no package has to bring. */
  private void layOut(Path root) throws IOException {
    List<String> merged = new ArrayList<>(List.of("bin", "sbin", "lib"));
    if (architecture.contains("64")) {
      merged.add("lib64");
    }
    for (String name : merged) {
      if (!Files.exists(root.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
        Files.createDirectories(root.resolve("usr").resolve(name));
        Files.createSymbolicLink(root.resolve(name), Path.of("usr", name));
      }
    }
    for (String name : List.of("dev", "etc", "home", "proc", "run", "sys", "var/lib/dpkg/info")) {
      Files.createDirectories(root.resolve(name));
    }
    directory(root.resolve("root"), 0700);
    directory(root.resolve("tmp"), 01777);
    directory(root.resolve("var/tmp"), 01777);
    Files.writeString(root.resolve("var/lib/dpkg/arch"), architecture + "\n");
  }

  private static void directory(Path path, int mode) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectories(path);
      Files.setAttribute(path, "unix:mode", mode);
    }
  }

  private void verify(Apt apt, List<Apt.Choice> plan) throws IOException, SysrootException {
    Map<String, String> sums = apt.checksums(plan);
    for (Apt.Choice choice : plan) {
      Path deb = apt.archives().resolve(choice.fileName());
      String expected = sums.get(choice.name() + "_" + choice.version());
      if (!Files.isRegularFile(deb)) {
        throw new SysrootException(choice.fileName() + ": was not downloaded");
      }
      if (expected == null) {
        throw new SysrootException(choice.fileName() + ": the index has no SHA256 for it");
      }
      if (!expected.equalsIgnoreCase(sha256(deb))) {
        Files.delete(deb);
        throw new SysrootException(choice.fileName() + ": SHA256 differs from the index");
      }
    }
  }

  private static String sha256(Path file) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
        byte[] buffer = new byte[1 << 16];
        while (in.read(buffer) >= 0) {}
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private void unpack(Tree tree, Path archives, List<Apt.Choice> plan)
      throws IOException, SysrootException {
    DpkgDatabase database = new DpkgDatabase(tree.root());
    Unpacker unpacker = new Unpacker(tree);
    int done = 0;
    for (Apt.Choice choice : plan) {
      progress.accept("unpacking " + ++done + " of " + plan.size() + " " + choice.name());
      Path deb = archives.resolve(choice.fileName());
      List<String> files = unpacker.files(deb);
      for (String file : files) {
        try {
          tree.confine(file);
        } catch (InvalidPathException e) {
          notes.accept(choice.name() + ": a file name this locale cannot express: " + file);
        }
      }
      database.add(unpacker.control(deb, files));
    }
    database.save();
  }

  /** Leaves what the scripts of base packages would have left. */
  private void finish(Tree tree) throws IOException {
    tree.fileUnlessPresent("etc/passwd", "usr/share/base-passwd/passwd.master", PASSWD);
    tree.fileUnlessPresent("etc/group", "usr/share/base-passwd/group.master", GROUP);
    tree.fileUnlessPresent("etc/nsswitch.conf", "usr/share/libc-bin/nsswitch.conf", NSSWITCH);
    tree.fileUnlessPresent("etc/hosts", null, HOSTS);
    tree.fileUnlessPresent("etc/profile", "usr/share/base-files/profile", null);
    tree.fileUnlessPresent("root/.profile", "usr/share/base-files/dot.profile", null);
    tree.fileUnlessPresent("root/.bashrc", "usr/share/base-files/dot.bashrc", null);
    chooseAlternatives(tree);
  }

  private void chooseAlternatives(Tree tree) throws IOException {
    Map<String, Alternatives.Offer> best = new HashMap<>();
    List<Path> scripts = new ArrayList<>();
    try (var stream =
        Files.newDirectoryStream(tree.root().resolve("var/lib/dpkg/info"), "*.postinst")) {
      stream.forEach(scripts::add);
    }
    scripts.sort(null);
    for (Path script : scripts) {
      Alternatives.Reading reading = Alternatives.read(Files.readString(script));
      if (reading.computed() > 0) {
        String name = String.valueOf(script.getFileName()).replace(".postinst", "");
        notes.accept(name + ": alternatives whose names its script computes were left out");
      }
      for (Alternatives.Offer offer : reading.offers()) {
        Path path = tree.resolve(offer.master().path());
        Alternatives.Offer other = best.get(offer.master().name());
        if (path != null
            && Files.exists(path)
            && (other == null || other.priority() < offer.priority())) {
          best.put(offer.master().name(), offer);
        }
      }
    }
    for (Alternatives.Offer offer : best.values()) {
      link(tree, offer.master());
      for (Alternatives.Link slave : offer.slaves()) {
        link(tree, slave);
      }
    }
  }

  private static void link(Tree tree, Alternatives.Link link) throws IOException {
    Path path = tree.resolve(link.path());
    if (path != null && Files.exists(path) && !link.name().contains("/")) {
      tree.link("/etc/alternatives/" + link.name(), link.path());
      tree.link(link.link(), "/etc/alternatives/" + link.name());
    }
  }
}
