package dev.vestibule.cli;

import dev.vestibule.cpu.CodeCache;
import dev.vestibule.cpu.Engine;
import dev.vestibule.handed.TimeSource;
import dev.vestibule.handed.VdsoImage;
import dev.vestibule.kernel.Container;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.KernelListener;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.exec.HandedPages;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.HostMount;
import dev.vestibule.profile.KernelProfile;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which machine do the options of {@code run} describe? */
final class MachineSetup {
  private MachineSetup() {}

  static Machine build(
      RunOptions options,
      RunOptions.Vdso vdso,
      @Nullable VdsoImage image,
      KernelProfile profile,
      FileTree files,
      KernelListener listener) {
    Machine.Settings settings =
        Machine.Settings.defaults()
            .withSeed(options.seed().isPresent() ? options.seed().getAsLong() : null)
            .withDebug(options.debug());
    Machine.Builder machine =
        Machine.builder(profile)
            .settings(settings)
            .fileTree(files)
            .listener(listener)
            .engine(engine(options.engine()))
            .timeSource(source(options.clock()))
            .preemptRate(options.preemptRate())
            .rseqOwner(options.rseqOwner());
    String container = options.container();
    if (container != null) {
      machine.container(new Container(container));
    }
    options.cpus().ifPresent(count -> machine.cpus(cpus(count, profile)));
    if (vdso instanceof RunOptions.Vdso.Off) {
      machine.handedPages(HandedPages.NONE);
    }
    if (image != null) {
      machine.vdsoImage(image);
    }
    return machine.build();
  }

  /** What guests see of the host's files: a root, and a directory that is looked into before it. */
  static FileTree files(@Nullable Path sysroot, @Nullable Path root) throws CommandFailure {
    List<String> directories = new ArrayList<>();
    if (sysroot != null) {
      directories.add(sysroot.toString());
    }
    directories.add(root != null ? root.toString() : "/");
    try {
      return new FileTree(HostMount.of(directories));
    } catch (Failure failure) {
      throw CommandFailure.ours(
          String.join(", ", directories) + ": " + Errno.message(failure.errno()));
    }
  }

  /** The engine asked for, with one line of warning where this host cannot have it. */
  private static Engine engine(Engine wanted) {
    boolean translates = wanted == Engine.TRANSLATE || wanted == Engine.BOTH;
    String refusal = translates ? CodeCache.refusal() : null;
    if (refusal != null) {
      System.err.println("vestibule: --engine: " + refusal + "; interpreting");
      return Engine.INTERPRET;
    }
    return wanted;
  }

  /** The number asked for, with one line of warning where the kernel can use fewer. */
  static int cpus(int wanted, KernelProfile profile) {
    int most = profile.cpu().most();
    if (wanted > most) {
      System.err.printf("vestibule: --cpus: %s uses %d at most%n", profile.name(), most);
    }
    return Math.min(wanted, most);
  }

  private static TimeSource source(RunOptions.Clock clock) {
    Instant start = clock.start();
    if (start == null && clock.rate() == 1) {
      return TimeSource.host();
    }
    return TimeSource.scaled(start == null ? Instant.now() : start, clock.rate());
  }
}
