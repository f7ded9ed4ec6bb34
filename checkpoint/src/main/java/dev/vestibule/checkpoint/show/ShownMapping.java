package dev.vestibule.checkpoint.show;

import dev.vestibule.checkpoint.schema.VmaEntry;
import dev.vestibule.inspect.Fact;
import dev.vestibule.inspect.ProcessView;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How is a mapping described? Bits of its status: CRIU's include/image.h. */
final class ShownMapping {
  private static final int STACK = 1 << 1;
  private static final int VSYSCALL = 1 << 2;
  private static final int VDSO = 1 << 3;
  private static final int HEAP = 1 << 5;
  private static final int FILES = 1 << 6 | 1 << 7;
  private static final int VVAR = 1 << 12;

  private static final Map<Integer, String> BITS = new LinkedHashMap<>();

  static {
    String[] names = {
      "REGULAR",
      "STACK",
      "VSYSCALL",
      "VDSO",
      "",
      "HEAP",
      "FILE_PRIVATE",
      "FILE_SHARED",
      "ANON_SHARED",
      "ANON_PRIVATE",
      "SYSVIPC",
      "SOCKET",
      "VVAR",
      "AIORING",
      "MEMFD",
      "SHSTK",
      "GUARD",
      "UPROBES"
    };
    for (int bit = 0; bit < names.length; bit++) {
      if (!names[bit].isEmpty()) {
        BITS.put(1 << bit, names[bit]);
      }
    }
    BITS.put(1 << 27, "PLUGIN");
  }

  private ShownMapping() {}

  static List<String> status(int status) {
    List<String> names = new ArrayList<>();
    int rest = status;
    for (Map.Entry<Integer, String> bit : BITS.entrySet()) {
      if ((status & bit.getKey()) != 0) {
        names.add(bit.getValue());
        rest &= ~bit.getKey();
      }
    }
    if (rest != 0) {
      names.add("0x%x".formatted(rest));
    }
    return names;
  }

  static boolean isHanded(VmaEntry vma) {
    return (vma.getStatus() & (VDSO | VVAR | VSYSCALL)) != 0;
  }

  private static String name(VmaEntry vma) {
    int status = vma.getStatus();
    return (status & VDSO) != 0
        ? "[vdso]"
        : (status & VVAR) != 0
            ? "[vvar]"
            : (status & VSYSCALL) != 0
                ? "[vsyscall]"
                : (status & HEAP) != 0 ? "[heap]" : (status & STACK) != 0 ? "[stack]" : "";
  }

  private static String permissions(VmaEntry vma) {
    int prot = vma.getProt();
    return ((prot & 1) != 0 ? "r" : "-")
        + ((prot & 2) != 0 ? "w" : "-")
        + ((prot & 4) != 0 ? "x" : "-")
        + ((vma.getFlags() & 1) != 0 ? "s" : "p");
  }

  static ProcessView.Mapping view(VmaEntry vma) {
    boolean anonymous = (vma.getStatus() & FILES) == 0;
    return new ProcessView.Mapping(
        vma.getStart(), vma.getEnd(), permissions(vma), anonymous, name(vma));
  }

  static Fact fact(VmaEntry vma, ShownMemory memory, Map<Integer, String> files) {
    Map<String, Object> values = new LinkedHashMap<>();
    List<String> status = status(vma.getStatus());
    long pages = memory.pages(vma.getStart(), vma.getEnd());
    String file =
        (vma.getStatus() & FILES) == 0 ? "" : files.getOrDefault((int) vma.getShmid(), "");
    values.put("start", ShownProcess.hex(vma.getStart()));
    values.put("end", ShownProcess.hex(vma.getEnd()));
    values.put("permissions", permissions(vma));
    values.put("status", status);
    values.put("pagesInImages", pages);
    values.put("file", file);
    String text =
        "0x%x..0x%x %s %s, %d pages in images%s"
            .formatted(
                vma.getStart(),
                vma.getEnd(),
                permissions(vma),
                String.join(" ", status),
                pages,
                file.isEmpty() ? "" : ", " + file);
    return new Fact("mapping", ShownProcess.hex(vma.getStart()), values, text);
  }
}
