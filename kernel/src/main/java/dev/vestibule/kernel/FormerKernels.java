package dev.vestibule.kernel;

import dev.vestibule.handed.TimeSource;
import dev.vestibule.handed.Timekeeper;
import dev.vestibule.handed.VdsoImage;
import dev.vestibule.handed.VdsoImages;
import dev.vestibule.kernel.exec.HandedPages;
import dev.vestibule.kernel.exec.ProfilePages;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.Profiles;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which pages did kernels hand out that processes of this machine were frozen under? Each has a
 * timekeeper of its own on the machine's time source, as its data page has a layout of its own.
 */
final class FormerKernels implements AutoCloseable {
  private final KernelProfile running;
  private final SyscallTable syscalls;
  private final TimeSource source;
  private final Map<String, @Nullable ProfilePages> known = new HashMap<>();
  private final List<Timekeeper> keepers = new ArrayList<>();

  FormerKernels(KernelProfile running, SyscallTable syscalls, TimeSource source) {
    this.running = running;
    this.syscalls = syscalls;
    this.source = source;
  }

  /** A kernel's pages, or null if there is no such profile, or it has none that fit. */
  synchronized @Nullable ProfilePages pages(String kernel) {
    if (!known.containsKey(kernel)) {
      known.put(kernel, make(kernel));
    }
    return known.get(kernel);
  }

  private @Nullable ProfilePages make(String kernel) {
    try {
      if (!Profiles.names().contains(kernel)) {
        return null; // never a file that an image names
      }
      KernelProfile profile = Profiles.load(kernel);
      if (profile.architecture() != running.architecture()
          || profile.memory().pageSize() != running.memory().pageSize()) {
        return null;
      }
      VdsoImage image = VdsoImages.of(profile);
      if (image == null) {
        return null;
      }
      KernelProfile here = profile.withTimebaseHz(running.cpu().timebaseHz());
      Timekeeper keeper = new Timekeeper(here, source);
      keepers.add(keeper);
      HandedPages pages = ProfilePages.of(here, keeper, syscalls, image);
      return pages instanceof ProfilePages found ? found : null;
    } catch (ProfileException e) {
      return null;
    }
  }

  @Override
  public synchronized void close() {
    keepers.forEach(Timekeeper::close);
  }
}
