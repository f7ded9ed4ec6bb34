package dev.vestibule.cli;

import dev.vestibule.checkpoint.Control;
import dev.vestibule.checkpoint.FreezeRequest;
import dev.vestibule.cli.RunOptions.Vdso;
import dev.vestibule.elf.ElfException;
import dev.vestibule.handed.VdsoImage;
import dev.vestibule.handed.VdsoImages;
import dev.vestibule.host.HostSignal;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.HostLimit;
import dev.vestibule.kernel.KernelListener;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.exec.Arguments;
import dev.vestibule.kernel.exec.ProgramKind;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.FsContext;
import dev.vestibule.kernel.file.HostStream;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.observe.EarlyAbort;
import dev.vestibule.observe.Listeners;
import dev.vestibule.profile.Architecture;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.Profiles;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How does {@code vestibule run} come from words to a run? */
final class RunCommand {
  private static final int UMASK = 022;

  /** The kernel a program gets that asks for none. */
  private static final String NEWEST = "6.1";

  private RunCommand() {}

  /**
   * Runs a program.
   *
   * @param words the command line after {@code run}, one char for each byte
   * @param environment the host's variables as NAME=VALUE, likewise
   * @return the exit status
   */
  static int run(List<String> words, List<String> environment) throws CommandFailure {
    Optional<RunOptions> options = RunOptions.parse(words, environment);
    if (options.isEmpty()) {
      System.out.print(RunOption.help());
      return 0;
    }
    Diagnostics.showStackTraces(options.get().debug());
    return Death.statusFor(run(options.get()));
  }

  private static Limits limits(RunOptions options) {
    Limits limits = new Limits();
    limits.set(Limits.RLIMIT_STACK, options.stackLimit(), limits.hard(Limits.RLIMIT_STACK));
    return limits;
  }

  /** Runs the program to its end and returns its status as wait(2) has it. */
  private static int run(RunOptions options) throws CommandFailure {
    FileTree files = MachineSetup.files(options.sysroot(), options.root());
    String directory = directory(options);
    String program = options.program();
    try {
      Architecture architecture = ProgramKind.of(files, directory, program);
      RealVdso real =
          options.vdso() instanceof Vdso.File file
              ? RealVdso.of(file.path(), options.kernel(), architecture)
              : null;
      KernelProfile profile =
          real == null ? profile(options, architecture) : released(options, real.profile());
      Observers observers = Observers.of(options);
      EarlyAbort earlyAbort = new EarlyAbort();
      boolean mayStartAgain = options.compatVdso() && !(options.vdso() instanceof Vdso.Off);
      KernelListener listener =
          mayStartAgain
              ? Listeners.of(List.of(observers.listener(), earlyAbort))
              : observers.listener();
      VdsoImage image = real == null ? null : real.image();
      int status = run(options, options.vdso(), image, directory, profile, files, listener);
      if (earlyAbort.found()) {
        System.err.println(
            "vestibule: "
                + GuestText.toHost(program)
                + ": aborted before it did anything; starting it once more without a vDSO");
        listener = observers.listener();
        status = run(options, new Vdso.Off(), null, directory, profile, files, listener);
      }
      observers.finish();
      return status;
    } catch (ElfException e) {
      throw new CommandFailure(CommandFailure.NOT_EXECUTABLE, String.valueOf(e.getMessage()));
    } catch (Failure failure) {
      int status =
          failure.errno() == Errno.ENOENT
              ? CommandFailure.NOT_FOUND
              : CommandFailure.NOT_EXECUTABLE;
      throw new CommandFailure(
          status, GuestText.toHost(program) + ": " + Errno.message(failure.errno()));
    } catch (HostLimit limit) {
      throw CommandFailure.ours(limit.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw CommandFailure.ours("run: interrupted");
    }
  }

  /** Runs the program on a machine of its own. */
  private static int run(
      RunOptions options,
      Vdso vdso,
      @Nullable VdsoImage image,
      String directory,
      KernelProfile profile,
      FileTree files,
      KernelListener listener)
      throws InterruptedException {
    Machine machine = MachineSetup.build(options, vdso, image, profile, files, listener);
    List<String> argv = new ArrayList<>();
    argv.add(options.argv0());
    argv.addAll(options.arguments());
    Process process =
        machine.start(
            options.program(),
            new Arguments(argv, options.environment()),
            HostStream.standardTable(machine),
            new FsContext(directory, UMASK),
            Machine.hostCredentials(),
            limits(options));
    Control control = Control.serve(machine);
    freezeAtSignal(options, control, process.pid());
    int status = machine.await(process);
    control.close();
    machine.close();
    return status;
  }

  private static void freezeAtSignal(RunOptions options, Control control, int pid) {
    RunOptions.Checkpoint wanted = options.checkpoint();
    if (wanted == null) {
      return;
    }
    FreezeRequest request = FreezeRequest.of(wanted.directory(), FreezeRequest.Then.KILL);
    Runnable freeze =
        () -> {
          try {
            control.freeze(pid, request);
          } catch (FreezeRefusal refusal) {
            System.err.println("vestibule: --checkpoint-on: " + refusal.getMessage());
          }
        };
    try {
      HostSignal.handle(wanted.signal(), freeze);
    } catch (IllegalArgumentException none) {
      System.err.println(
          "vestibule: --checkpoint-on: " + "the JVM needs " + wanted.signal() + " itself");
    }
  }

  private static KernelProfile profile(RunOptions options, Architecture architecture)
      throws CommandFailure {
    String kernel = options.kernel();
    try {
      KernelProfile profile = Profiles.load(kernel != null ? kernel : NEWEST, architecture);
      VdsoImages.check(profile);
      return released(options, profile);
    } catch (ProfileException e) {
      throw CommandFailure.ours(String.valueOf(e.getMessage()));
    }
  }

  private static KernelProfile released(RunOptions options, KernelProfile profile) {
    String release = options.release();
    return release == null ? profile : profile.withRelease(release);
  }

  private static String directory(RunOptions options) {
    String given = options.workingDirectory();
    if (given != null) {
      return given;
    }
    return options.root() != null ? "/" : GuestText.fromHost(System.getProperty("user.dir", "/"));
  }
}
