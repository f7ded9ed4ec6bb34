package dev.vestibule.inspect;

import java.util.List;

/** Which register has a DWARF column? The numbers are each architecture's ABI supplement's. */
final class Columns {
  private static final List<String> X86_64 =
      List.of(
          "rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12",
          "r13", "r14", "r15", "rip");
  private static final List<String> I386 =
      List.of("eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "eip", "eflags");

  private Columns() {}

  /** The register's name, {@code rN} where none is known. */
  static String name(String architecture, int column) {
    return switch (architecture) {
      case "x86_64", "x32" -> column < X86_64.size() ? X86_64.get(column) : "r" + column;
      case "i386" -> column < I386.size() ? I386.get(column) : "r" + column;
      case "aarch64" -> column < 31 ? "x" + column : column == 31 ? "sp" : "r" + column;
      case "riscv64", "riscv32" -> column < 32 ? "x" + column : "r" + column;
      case "ppc", "ppc64", "ppc64le" -> power(column);
      default -> "r" + column;
    };
  }

  private static String power(int column) {
    if (column >= 32 && column < 64) {
      return "f" + (column - 32);
    }
    if (column >= 68 && column < 76) {
      return "cr" + (column - 68);
    }
    if (column >= 77 && column < 109) {
      return "vr" + (column - 77);
    }
    return switch (column) {
      case 65 -> "lr";
      case 66 -> "ctr";
      case 109 -> "vrsave";
      case 110 -> "vscr";
      default -> "r" + column;
    };
  }
}
