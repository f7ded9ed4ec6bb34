package dev.vestibule.cli;

import dev.vestibule.cli.sysroot.SysrootCommand;
import dev.vestibule.cli.vdso.VdsoCommand;
import java.lang.module.ModuleDescriptor;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** Which commands are there, and what do they take? */
@Command(
    name = "vestibule",
    description = "Runs Linux programs in the JVM, against any kernel's handed pages.",
    versionProvider = Commands.Version.class,
    sortOptions = false,
    subcommands = {
      Commands.Run.class,
      CheckpointCommand.class,
      RestoreCommand.class,
      LabCommand.class,
      BreakagesCommand.class,
      ProfilesCommand.class,
      VdsoCommand.class,
      SyscallsCommand.class,
      SysrootCommand.class
    })
final class Commands implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "show stack traces of internal errors")
  void debug(boolean show) {
    Diagnostics.showStackTraces(show);
  }

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "print this")
  @SuppressWarnings("UnusedVariable") // picocli acts on it
  private boolean help;

  @Option(names = "--version", versionHelp = true, description = "print the version")
  @SuppressWarnings("UnusedVariable") // picocli acts on it
  private boolean version;

  private Commands() {}

  /**
   * Executes a command other than {@code run}.
   *
   * @return the exit status
   */
  static int execute(String[] args) {
    CommandLine line = new CommandLine(new Commands());
    line.setExecutionExceptionHandler((thrown, command, parsed) -> Diagnostics.report(thrown));
    line.setParameterExceptionHandler((thrown, words) -> {
      CommandLine command = thrown.getCommandLine();
      if (command.getParent() == null && thrown instanceof UnmatchedArgumentException unmatched) {
        return Diagnostics.report(
            CommandFailure.ours(
                unmatched.getUnmatched().getFirst() + ": no such command or option (see --help)"));
      }
      String name = command.getCommandSpec().qualifiedName(" ").replaceFirst("^vestibule ", "");
      String message = String.valueOf(thrown.getMessage()).replaceAll("\\s*\\R\\s*", " ");
      return Diagnostics.report(CommandFailure.ours(name + ": " + message));
    });
    return line.execute(args);
  }

  @Override
  public Integer call() {
    if (spec != null) {
      spec.commandLine().usage(System.err);
    }
    return CommandFailure.OURS;
  }

  /** Which version is this? */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      ModuleDescriptor module = Commands.class.getModule().getDescriptor();
      String version = module == null ? null : module.rawVersion().orElse(null);
      return new String[] {"vestibule " + (version == null ? "(unpackaged)" : version)};
    }
  }

  /** Stands in the list of commands; {@link RunCommand} does it. */
  @Command(
      name = "run",
      description = "Run a program (vestibule run --help).",
      customSynopsis = "vestibule run [options] PROGRAM [ARG...]")
  static final class Run {}
}
