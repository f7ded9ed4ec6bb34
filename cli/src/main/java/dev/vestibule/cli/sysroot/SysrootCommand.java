package dev.vestibule.cli.sysroot;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The {@code sysroot} command: which programs can be had for a guest to run? */
@Command(
    name = "sysroot",
    description = {
      "Unpack Debian packages of another architecture, and what they depend on, into a directory.",
      "They come from the archive this host is configured for; nothing of the host is changed."
    })
public final class SysrootCommand implements Callable<Integer> {
  /** What this command ends with when the sysroot could not be built. */
  static final int FAILURE = 125;

  @Parameters(index = "0", paramLabel = "ARCH", description = "ppc64el, powerpc, ppc64, ...")
  private String architecture = "";

  @Parameters(index = "1", paramLabel = "DIR", description = "new, empty, or an earlier sysroot")
  private Path directory = Path.of("");

  @Parameters(
      index = "2..*",
      arity = "1..*",
      paramLabel = "PACKAGE",
      description = "NAME[=VERSION]")
  private List<String> packages = new ArrayList<>();

  @Option(
      names = "--no-essential",
      description = "leave out the packages Debian takes for granted (sh, coreutils, ...)")
  private boolean withoutEssential;

  @Option(
      names = "--sources",
      paramLabel = "FILE",
      description = "package sources to use in place of the host's (sources.list(5))")
  private @Nullable Path sources;

  @Option(
      names = "--cache",
      paramLabel = "DIR",
      description = "where indexes and packages are kept (default: the user's cache directory)")
  private @Nullable Path cache;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter err =
        spec == null
            ? new PrintWriter(System.err, true, System.err.charset())
            : spec.commandLine().getErr();
    ProgressLine progress = ProgressLine.onStandardError(err);
    try {
      List<String> wanted = wanted(packages, architecture, withoutEssential);
      List<Path> from = sources == null ? hostSources() : List.of(sources);
      Sysroot sysroot =
          new Sysroot(
              architecture,
              directory,
              stateDirectory(),
              note -> {
                progress.clear();
                err.println("vestibule: sysroot: " + note);
              },
              progress::show);
      sysroot.install(wanted, from);
      progress.clear();
      return 0;
    } catch (SysrootException e) {
      progress.clear();
      err.println("vestibule: sysroot: " + e.getMessage());
    } catch (FileSystemException e) {
      progress.clear();
      String reason = e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
      err.println("vestibule: sysroot: " + e.getFile() + ": " + reason);
    } catch (IOException e) {
      progress.clear();
      err.println("vestibule: sysroot: " + e.getMessage());
    }
    return FAILURE;
  }

  /**
   * The names to give to apt, checked so that none can be taken for an option or a removal.
   *
   * @throws SysrootException if a word is not a package name, or is one of another architecture
   */
  static List<String> wanted(List<String> words, String architecture, boolean withoutEssential)
      throws SysrootException {
    List<String> wanted = new ArrayList<>();
    for (String word : words) {
      if (!word.matches("[a-z0-9][a-z0-9+.-]*[a-z0-9+.](:[a-z0-9-]+)?(=[A-Za-z0-9.+:~-]+)?")) {
        throw new SysrootException(word + ": not a package name");
      }
      String name = word.replaceFirst("=.*", "");
      if (name.contains(":") && !name.endsWith(":" + architecture)) {
        throw new SysrootException(word + ": not a package of " + architecture);
      }
      wanted.add(word);
    }
    if (!withoutEssential) {
      wanted.add("?essential");
    }
    return wanted;
  }

  private static List<Path> hostSources() throws IOException, SysrootException {
    Tool.Result shell =
        Tool.run(
            List.of(
                "apt-config",
                "shell",
                "LIST",
                "Dir::Etc::sourcelist/f",
                "PARTS",
                "Dir::Etc::sourceparts/d"));
    String list = "/etc/apt/sources.list";
    String parts = "/etc/apt/sources.list.d";
    for (String line : shell.lines()) {
      if (line.matches("(LIST|PARTS)='[^']*'")) {
        String value = line.substring(line.indexOf('\'') + 1, line.length() - 1);
        list = line.startsWith("LIST") ? value : list;
        parts = line.startsWith("PARTS") ? value : parts;
      }
    }
    return AptSources.files(Path.of(list), Path.of(parts));
  }

  private Path stateDirectory() throws IOException {
    if (cache != null) {
      return cache;
    }
    String configured = System.getenv("XDG_CACHE_HOME");
    Path base =
        configured == null || !configured.startsWith("/")
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(configured);
    Path state = base.resolve("vestibule").resolve("apt-" + architecture);
    Files.createDirectories(state.getParent() == null ? base : state.getParent());
    return state;
  }
}
