package dev.vestibule.cli;

import dev.vestibule.checkpoint.Control;
import dev.vestibule.checkpoint.FrozenTree;
import dev.vestibule.checkpoint.ImageException;
import dev.vestibule.checkpoint.MissingRseq;
import dev.vestibule.checkpoint.Thaw;
import dev.vestibule.handed.TimeSource;
import dev.vestibule.handed.VdsoImages;
import dev.vestibule.kernel.HostLimit;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.Profiles;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** How does a frozen guest go on? */
@Command(
    name = "restore",
    description = "Let a frozen guest go on, perhaps under another kernel; ends with its status.")
final class RestoreCommand implements Callable<Integer> {
  @Option(
      names = {"-D", "--images-dir"},
      required = true,
      paramLabel = "DIR",
      description = "where the images are")
  private Path directory = Path.of("");

  @Option(
      names = "--kernel",
      paramLabel = "NAME|FILE",
      description = "the kernel it goes on under; the one it was frozen under by default")
  private @Nullable String kernel;

  @Option(
      names = {"-L", "--sysroot"},
      paramLabel = "DIR",
      description = "as of run")
  private @Nullable Path sysroot;

  @Option(names = "--root", paramLabel = "DIR", description = "as of run")
  private @Nullable Path root;

  @Option(
      names = "--cpus",
      paramLabel = "N",
      description = "how many CPUs the guest has from now on; as before by default")
  private @Nullable Integer cpus;

  @Option(
      names = "--time-rate",
      paramLabel = "R",
      description = "how fast its clock runs from now on; as before by default")
  private @Nullable Double rate;

  @Option(
      names = "--rseq",
      paramLabel = "refuse|emulate",
      description =
          "what to do if a process uses rseq(2), which the kernel it goes on under has not (refuse)")
  private String rseq = "refuse";

  @Option(names = "--stats", description = "print how long it took until the guest ran")
  private boolean statistics;

  @Override
  public Integer call() throws CommandFailure {
    long begun = System.nanoTime();
    MissingRseq missing = MissingRseq.named(rseq);
    if (missing == null) {
      throw CommandFailure.ours("restore: --rseq: neither refuse nor emulate: " + rseq);
    }
    try {
      FrozenTree tree = FrozenTree.read(directory);
      String name = kernel != null ? kernel : tree.kernel();
      KernelProfile profile = Profiles.load(name, tree.architecture());
      VdsoImages.check(profile);
      TimeSource.Continuing time = time(tree);
      FileTree files = MachineSetup.files(sysroot, root);
      Machine machine = machine(tree, profile, time).fileTree(files).build();
      return Death.statusFor(run(tree, machine, missing, time, begun));
    } catch (ImageException | ProfileException | FreezeRefusal e) {
      throw CommandFailure.ours("restore: " + e.getMessage());
    } catch (HostLimit limit) {
      throw CommandFailure.ours(limit.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw CommandFailure.ours("restore: interrupted");
    }
  }

  private TimeSource.Continuing time(FrozenTree tree) throws CommandFailure {
    double wanted = rate != null ? rate : tree.timeRate();
    if (!(wanted > 0) || wanted > TimeSource.FASTEST) {
      throw CommandFailure.ours("restore: --time-rate: " + wanted + " is no rate of a clock");
    }
    return new TimeSource.Continuing(tree.monotonic(), wanted);
  }

  private Machine.Builder machine(
      FrozenTree tree, KernelProfile profile, TimeSource.Continuing time) throws CommandFailure {
    Machine.Builder machine = tree.machine(profile, time);
    if (cpus == null) {
      return machine;
    }
    if (cpus < 1) {
      throw CommandFailure.ours("restore: --cpus: " + cpus + " are too few");
    }
    return machine.cpus(MachineSetup.cpus(cpus, profile));
  }

  private int run(
      FrozenTree tree, Machine machine, MissingRseq missing, TimeSource.Continuing time, long begun)
      throws ImageException, FreezeRefusal, InterruptedException {
    try {
      Process process = Thaw.thaw(tree, machine, missing, time::go);
      if (statistics) {
        System.err.println("vestibule: restored in " + (System.nanoTime() - begun) / 1000 + " us");
      }
      Control control = Control.serve(machine);
      int status = machine.await(process);
      control.close();
      return status;
    } finally {
      machine.close();
    }
  }
}
