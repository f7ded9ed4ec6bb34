package dev.vestibule.cli.sysroot;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Asks apt what an architecture's archive holds, with a state directory of our own.
 *
 * <p>The host's configuration is read (proxies, credentials, pinning, keys) but nothing of the host
 * is written: lists, caches and the package database are in {@code state} and in the sysroot.
 */
final class Apt {
  /** A package version that the resolver chose, and the name of its file in the archive cache. */
  record Choice(String name, String version, String architecture) {
    String fileName() {
      return name
          + "_"
          + version.replace("_", "%5f").replace(":", "%3a")
          + "_"
          + architecture
          + ".deb";
    }
  }

  private static final Pattern INST =
      Pattern.compile("Inst (\\S+?)(?::\\S+)? (?:\\[[^\\]]*\\] )?\\((\\S+) .*\\[(\\S+)\\]\\).*");
  private static final Pattern FETCHED = Pattern.compile("(?:Get|Hit):(\\d+) (.*)");
  private static final Pattern FAILED_FETCH = Pattern.compile("[EW]: Failed to fetch (\\S+) +(.*)");
  private static final Pattern UNKNOWN_PACKAGE =
      Pattern.compile("(?:Unable to locate package|Couldn't find any package by .*'?) ?(.*)");

  private final Path state;
  private final String architecture;
  private final Consumer<String> notes;

  Apt(Path state, String architecture, Consumer<String> notes) {
    this.state = state;
    this.architecture = architecture;
    this.notes = notes;
  }

  /**
   * Writes the private configuration.
   *
   * @param sources files in the formats of sources.list(5)
   * @param installed the dpkg database that says what the sysroot already has, if it exists
   */
  void configure(List<Path> sources, Path installed) throws IOException, SysrootException {
    Path parts = state.resolve("sources.list.d");
    for (Path dir : List.of(parts, state.resolve("lists/partial"), archives().resolve("partial"))) {
      Files.createDirectories(dir);
    }
    for (Path old : AptSources.files(state.resolve("sources.list"), parts)) {
      Files.delete(old);
    }
    Path nothing = state.resolve("status");
    Files.writeString(nothing, "");
    Path status = Files.exists(installed) ? installed.toAbsolutePath() : nothing;
    Files.writeString(conf(), configuration(state, architecture, status));
    for (Path source : sources) {
      copySource(source, parts);
    }
    if (AptSources.files(state.resolve("sources.list"), parts).isEmpty()) {
      throw new SysrootException("no usable package sources are configured on this host");
    }
  }

  private void copySource(Path source, Path parts) throws IOException, SysrootException {
    Path name = source.getFileName();
    if (name == null) {
      throw new SysrootException(source + ": not a file");
    }
    Path copy = parts.resolve(name.toString());
    try {
      Files.write(copy, AptSources.neutral(source));
    } catch (MalformedInputException e) {
      notes.accept(source + ": not text, left out");
      return;
    }
    List<String> check = command("apt-get", "-o", "Dir::Etc::sourceparts=-");
    check.addAll(List.of("-o", "Dir::Etc::sourcelist=" + copy, "indextargets"));
    Tool.Result result = Tool.run(check);
    if (!result.ok()) {
      notes.accept(source + ": left out: " + result.errors().stream().findFirst().orElse("?"));
      Files.delete(copy);
    }
  }

  /** The options that keep every trace of the run inside {@code state} (apt.conf(5)). */
  static String configuration(Path state, String architecture, Path status)
      throws SysrootException {
    String arch = quoted(architecture);
    return """
    #clear APT::Architectures;
    #clear APT::Update::Pre-Invoke;
    #clear APT::Update::Post-Invoke;
    #clear APT::Update::Post-Invoke-Success;
    APT::Architecture %1$s;
    APT::Architectures { %1$s; };
    APT::Install-Recommends "false";
    APT::Install-Suggests "false";
    APT::Cmd::Pattern-Only "true";
    APT::Sandbox::User "root";
    Acquire::Languages "none";
    Acquire::Retries "3";
    Dir::State %2$s;
    Dir::State::lists %3$s;
    Dir::State::status %4$s;
    Dir::Cache %5$s;
    Dir::Cache::archives %6$s;
    Dir::Cache::pkgcache "";
    Dir::Cache::srcpkgcache "";
    Dir::Log %2$s;
    Dir::Etc::sourcelist %7$s;
    Dir::Etc::sourceparts %8$s;
    """
        .formatted(
            arch,
            directory(state),
            directory(state.resolve("lists")),
            quoted(status.toString()),
            directory(state.resolve("cache")),
            directory(state.resolve("cache/archives")),
            quoted(state.resolve("sources.list").toString()),
            directory(state.resolve("sources.list.d")));
  }

  private static String directory(Path path) throws SysrootException {
    return quoted(path + "/");
  }

  private static String quoted(String value) throws SysrootException {
    if (value.chars().anyMatch(c -> c == '"' || c == '\\' || c < ' ')) {
      throw new SysrootException(
          value
              + ": a quote, backslash or control character in this name"
              + " cannot be handed to apt");
    }
    return '"' + value + '"';
  }

  Path archives() {
    return state.resolve("cache/archives");
  }

  private Path conf() {
    return state.resolve("apt.conf");
  }

  private List<String> command(String program, String... arguments) {
    List<String> command = new ArrayList<>(List.of(program, "-c", conf().toString()));
    command.addAll(List.of(arguments));
    return command;
  }

  /**
   * Fetches the package indexes; each one that fails is reported and left out.
   *
   * @throws SysrootException if no index for the architecture is there afterwards
   */
  void update() throws SysrootException {
    Tool.Result result = Tool.run(command("apt-get", "-q", "update"));
    for (String line : result.lines()) {
      Matcher failed = FAILED_FETCH.matcher(line);
      if (failed.matches()) {
        notes.accept("index left out: " + failed.group(1) + ": " + failed.group(2));
      }
    }
    Tool.Result targets =
        Tool.run(
            command("apt-get", "indextargets", "--format", "$(FILENAME)", "Created-By: Packages"));
    if (targets.lines().stream().noneMatch(name -> indexExists(Path.of(name)))) {
      String why = result.errors().isEmpty() ? "" : ": " + result.errors().getFirst();
      throw new SysrootException("no configured archive gives an index for " + architecture + why);
    }
  }

  private static boolean indexExists(Path name) {
    // apt may keep an index compressed under a further suffix.
    Path parent = name.getParent();
    Path file = name.getFileName();
    if (parent == null || file == null || !Files.isDirectory(parent)) {
      return false;
    }
    try (var stream = Files.newDirectoryStream(parent, file + "*")) {
      return stream.iterator().hasNext();
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * What apt's resolver would install, dependencies first.
   *
   * @param packages names, {@code name=version} or apt patterns
   */
  List<Choice> resolve(List<String> packages) throws SysrootException {
    List<String> command = command("apt-get", "-q", "-y", "-s", "--no-remove", "install");
    command.addAll(packages);
    Tool.Result result = Tool.run(command);
    if (!result.ok()) {
      throw new SysrootException(explain(result));
    }
    return parsePlan(result.lines());
  }

  static List<Choice> parsePlan(List<String> lines) {
    List<Choice> plan = new ArrayList<>();
    for (String line : lines) {
      Matcher inst = INST.matcher(line);
      if (inst.matches()) {
        plan.add(new Choice(inst.group(1), inst.group(2), inst.group(3)));
      }
    }
    return plan;
  }

  private String explain(Tool.Result result) {
    List<String> errors = result.errors();
    for (String error : errors) {
      Matcher unknown = UNKNOWN_PACKAGE.matcher(error);
      if (unknown.matches()) {
        return "no package "
            + unknown.group(1)
            + " for "
            + architecture
            + " in the configured archive";
      }
    }
    List<String> unmet =
        result.lines().stream()
            .filter(l -> l.startsWith(" ") && l.contains(" : "))
            .map(l -> l.strip().replaceAll("\\s+", " "))
            .toList();
    return unmet.isEmpty()
        ? errors.isEmpty() ? "apt-get ended with " + result.status() : String.join("; ", errors)
        : "unmet dependencies: " + String.join("; ", unmet);
  }

  /** Downloads what {@link #resolve} chose; apt checks each file against the signed index. */
  void download(List<String> packages, int count, Consumer<String> progress)
      throws SysrootException {
    List<String> command = command("apt-get", "-q", "-y", "-d", "--no-remove", "install");
    command.addAll(packages);
    Tool.Result result =
        Tool.run(
            command,
            line -> {
              Matcher fetched = FETCHED.matcher(line);
              if (fetched.matches()) {
                progress.accept("downloading " + fetched.group(1) + " of at most " + count);
              }
            });
    if (!result.ok()) {
      throw new SysrootException("download failed: " + explain(result));
    }
  }

  /**
   * SHA-256 in the signed index of each chosen package, in hexadecimal, by {@code name_version}.
   */
  Map<String, String> checksums(List<Choice> choices) throws SysrootException {
    List<String> command = command("apt-cache", "show", "--no-all-versions");
    choices.forEach(choice -> command.add(choice.name() + "=" + choice.version()));
    return parseChecksums(Tool.run(command).lines());
  }

  static Map<String, String> parseChecksums(List<String> lines) {
    Map<String, String> sums = new HashMap<>();
    String name = "";
    String version = "";
    for (String line : lines) {
      if (line.startsWith("Package: ")) {
        name = line.substring(9);
      } else if (line.startsWith("Version: ")) {
        version = line.substring(9);
      } else if (line.startsWith("SHA256: ")) {
        sums.put(name + "_" + version, line.substring(8));
      }
    }
    return sums;
  }
}
