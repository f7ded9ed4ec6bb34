package dev.vestibule.cli;

import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.profile.KernelProfile;

/** Which machine do the options of {@code run} describe? */
final class MachineSetup {
  private MachineSetup() {}

  static Machine build(RunOptions options, KernelProfile profile, FileTree files) {
    Machine.Settings defaults = Machine.Settings.defaults();
    Machine.Settings settings =
        new Machine.Settings(
            defaults.mostTasks(),
            defaults.memoryLimit(),
            defaults.window(),
            defaults.firstPid(),
            options.seed().isPresent() ? options.seed().getAsLong() : null,
            defaults.randomize(),
            options.debug(),
            defaults.diagnostics());
    return Machine.builder(profile).settings(settings).fileTree(files).build();
  }
}
