package dev.vestibule.kernel.proc;

import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.memory.Backing;
import dev.vestibule.kernel.memory.Vma;

/** What do /proc/PID/maps and smaps say? The format of fs/proc/task_mmu.c, column by column. */
final class MapsText {
  private static final int READ = 1;
  private static final int WRITE = 2;
  private static final int EXEC = 4;

  private MapsText() {}

  static String maps(Process process) {
    StringBuilder text = new StringBuilder();
    if (!process.ended()) {
      for (Vma vma : process.space().mappings()) {
        line(text, process, vma);
      }
    }
    return text.toString();
  }

  private static void line(StringBuilder text, Process process, Vma vma) {
    int start = text.length();
    Backing backing = vma.backing();
    hex(text, vma.start(), 8).append('-');
    hex(text, vma.end(), 8).append(' ');
    text.append((vma.protection() & READ) != 0 ? 'r' : '-');
    text.append((vma.protection() & WRITE) != 0 ? 'w' : '-');
    text.append((vma.protection() & EXEC) != 0 ? 'x' : '-');
    text.append(vma.shared() ? 's' : 'p').append(' ');
    hex(text, backing == null ? 0 : vma.offset(), 8).append(' ');
    long device = backing == null ? 0 : backing.device();
    hex(text, device >>> 8 & 0xfff, 2).append(':');
    hex(text, device & 0xff | device >>> 12 & 0xfff00, 2).append(' ');
    text.append(backing == null ? 0 : backing.inode()).append(' ');
    String name = name(vma);
    if (!name.isEmpty()) {
      int kernelWord = process.machine().profile().kernelBits() / 8;
      int width = 25 + kernelWord * 6 - 1;
      text.repeat(' ', Math.max(0, width - (text.length() - start)));
      text.append(name.replace("\n", "\\012"));
    }
    text.append('\n');
  }

  private static String name(Vma vma) {
    if (!vma.name().isEmpty()) {
      return vma.name();
    }
    Backing backing = vma.backing();
    return backing == null ? "" : backing.path();
  }

  private static StringBuilder hex(StringBuilder text, long value, int digits) {
    String shown = Long.toHexString(value);
    return text.repeat('0', Math.max(0, digits - shown.length())).append(shown);
  }

  static String smaps(Process process) {
    StringBuilder text = new StringBuilder();
    if (process.ended()) {
      return "";
    }
    int page = process.space().layout().pageSize() >> 10;
    for (Vma vma : process.space().mappings()) {
      line(text, process, vma);
      long size = vma.length() >> 10;
      long resident = vma.protection() == 0 ? 0 : size;
      quantity(text, "Size", size);
      quantity(text, "KernelPageSize", page);
      quantity(text, "MMUPageSize", page);
      quantity(text, "Rss", resident);
      quantity(text, "Pss", resident);
      for (String zero : ZEROS) {
        quantity(text, zero, 0);
      }
      text.append("THPeligible:           0\nVmFlags: ").append(flags(vma)).append('\n');
    }
    return text.toString();
  }

  private static final String[] ZEROS = {
    "Shared_Clean",
    "Shared_Dirty",
    "Private_Clean",
    "Private_Dirty",
    "Referenced",
    "Anonymous",
    "LazyFree",
    "AnonHugePages",
    "ShmemPmdMapped",
    "FilePmdMapped",
    "Shared_Hugetlb",
    "Private_Hugetlb",
    "Swap",
    "SwapPss",
    "Locked"
  };

  private static void quantity(StringBuilder text, String name, long kilobytes) {
    text.append("%-16s%8d kB\n".formatted(name + ":", kilobytes));
  }

  private static String flags(Vma vma) {
    StringBuilder text = new StringBuilder();
    flag(text, (vma.protection() & READ) != 0, "rd");
    flag(text, (vma.protection() & WRITE) != 0, "wr");
    flag(text, (vma.protection() & EXEC) != 0, "ex");
    flag(text, vma.shared(), "sh");
    flag(text, vma.has(Vma.MAY_READ), "mr");
    flag(text, vma.has(Vma.MAY_WRITE), "mw");
    flag(text, vma.has(Vma.MAY_EXEC), "me");
    flag(text, vma.shared() && vma.has(Vma.MAY_WRITE), "ms");
    flag(text, vma.has(Vma.GROWS_DOWN), "gd");
    flag(text, vma.has(Vma.IO), "pf");
    flag(text, vma.has(Vma.LOCKED), "lo");
    flag(text, vma.has(Vma.IO), "io");
    flag(text, vma.has(Vma.DONT_FORK), "dc");
    flag(text, vma.has(Vma.DONT_EXPAND), "de");
    flag(text, !vma.shared() && (vma.protection() & WRITE) != 0, "ac");
    flag(text, vma.has(Vma.NO_RESERVE), "nr");
    flag(text, vma.has(Vma.WIPE_ON_FORK), "wf");
    flag(text, vma.has(Vma.DONT_DUMP), "dd");
    return text.toString();
  }

  private static void flag(StringBuilder text, boolean set, String name) {
    if (set) {
      text.append(name).append(' ');
    }
  }
}
