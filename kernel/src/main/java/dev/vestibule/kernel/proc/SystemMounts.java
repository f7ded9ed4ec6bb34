package dev.vestibule.kernel.proc;

import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.device.DeviceFolder;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.HostMount;
import dev.vestibule.kernel.file.Mount;
import dev.vestibule.kernel.file.Synthetic;
import dev.vestibule.kernel.file.SyntheticMount;

/** Which file systems does every machine have beside its root? */
public final class SystemMounts {
  private static final long PROC_SUPER_MAGIC = 0x9fa0;
  private static final long SYSFS_MAGIC = 0x6265_6572;
  private static final long TMPFS_MAGIC = 0x0102_1994;
  private static final long PROC_DEVICE = 22;
  private static final long SYS_DEVICE = 23;
  private static final long DEV_DEVICE = 6;

  private SystemMounts() {}

  /** Mounts /proc, /sys, /dev and what belongs below them, unless something is there already. */
  public static void add(Machine machine) {
    int processors = machine.processors();
    FileTree tree = machine.fileTree();
    mount(tree, "/proc", new ProcFolder(machine, processors), PROC_SUPER_MAGIC, PROC_DEVICE);
    mount(tree, "/sys", SystemFolder.create(processors), SYSFS_MAGIC, SYS_DEVICE);
    Synthetic.FixedFolder dev = DeviceFolder.create();
    machine.terminals().addTo(dev);
    mount(tree, "/dev", dev, TMPFS_MAGIC, DEV_DEVICE);
    if (!tree.mounts().containsKey("/dev/shm")) {
      Mount shared = tree.rootMount() instanceof HostMount root ? root.below("dev/shm") : null;
      tree.mount("/dev/shm", shared != null ? shared : HostMount.temporary());
    }
  }

  private static void mount(
      FileTree tree, String path, Synthetic.Folder root, long magic, long device) {
    if (!tree.mounts().containsKey(path)) {
      tree.mount(path, new SyntheticMount(root, magic, device));
    }
  }
}
