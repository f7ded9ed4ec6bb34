package dev.vestibule.kernel.proc;

import dev.vestibule.kernel.Task;

/** Which file systems are mounted where, as /proc/self/mounts and mountinfo say? */
final class MountsText {
  private MountsText() {}

  private static String type(String point) {
    return switch (point) {
      case "" -> "ext4";
      case "/proc" -> "proc";
      case "/sys" -> "sysfs";
      case "/dev/pts" -> "devpts";
      case "/dev" -> "devtmpfs";
      default -> "tmpfs";
    };
  }

  private static String source(String point) {
    return point.isEmpty() ? "/dev/root" : type(point);
  }

  static String mounts(Task t) {
    StringBuilder text = new StringBuilder();
    for (String point : t.machine().fileTree().mounts().keySet()) {
      String shown = point.isEmpty() ? "/" : point;
      text.append(source(point)).append(' ').append(shown).append(' ').append(type(point));
      text.append(" rw,relatime 0 0\n");
    }
    return text.toString();
  }

  static String mountInfo(Task t) {
    StringBuilder text = new StringBuilder();
    int id = 1;
    for (String point : t.machine().fileTree().mounts().keySet()) {
      String shown = point.isEmpty() ? "/" : point;
      text.append(id).append(id == 1 ? " 0 0:" : " 1 0:").append(20 + id);
      text.append(" / ").append(shown).append(" rw,relatime - ").append(type(point));
      text.append(' ').append(source(point)).append(" rw\n");
      id++;
    }
    return text.toString();
  }
}
