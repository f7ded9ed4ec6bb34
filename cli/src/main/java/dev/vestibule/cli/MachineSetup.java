package dev.vestibule.cli;

import dev.vestibule.kernel.KernelListener;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.profile.KernelProfile;

/** Which machine do the options of {@code run} describe? */
final class MachineSetup {
  private MachineSetup() {}

  static Machine build(
      RunOptions options, KernelProfile profile, FileTree files, KernelListener listener) {
    Machine.Settings settings =
        Machine.Settings.defaults()
            .withSeed(options.seed().isPresent() ? options.seed().getAsLong() : null)
            .withDebug(options.debug());
    return Machine.builder(profile)
        .settings(settings)
        .fileTree(files)
        .listener(listener)
        .build();
  }
}
