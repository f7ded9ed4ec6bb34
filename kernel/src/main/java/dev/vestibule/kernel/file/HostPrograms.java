package dev.vestibule.kernel.file;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import java.nio.file.Files;
import java.nio.file.Path;

/** Programs of the host's own file tree; absolute ones may come from a sysroot first. */
public final class HostPrograms implements Programs {
  private final String sysroot;

  /**
   * @param sysroot prefix tried first for absolute paths; empty for none
   */
  public HostPrograms(String sysroot) {
    this.sysroot = sysroot;
  }

  @Override
  public Program open(Task task, int directory, String path, int flags) {
    if (path.isEmpty()) {
      throw new Failure(Errno.ENOENT);
    }
    String full = path.startsWith("/") ? path : task.fs().directory() + "/" + path;
    Path host = Path.of(GuestText.toHost(full));
    if (!sysroot.isEmpty() && path.startsWith("/")) {
      Path inside = Path.of(sysroot + GuestText.toHost(path));
      if (Files.exists(inside)) {
        host = inside;
      }
    }
    if (!Files.exists(host)) {
      throw new Failure(Errno.ENOENT);
    }
    if (!Files.isRegularFile(host) || !Files.isExecutable(host)) {
      throw new Failure(Errno.EACCES);
    }
    String name = GuestText.fromHost(host.toAbsolutePath().normalize().toString());
    return new Program(HostFile.open(name, full), full);
  }
}
