package dev.vestibule.observe.gdb;

import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.abi.Struct;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which registers does gdb see, in which order, and where do they lie in the kernel's register
 * sets? The names and features are those of the gdb manual, "PowerPC Features"; the offsets those
 * of the kernel's asm/ptrace.h.
 */
final class RegisterLayout {
  private static final int GENERAL = 1;
  private static final int FLOATS = 2;
  private static final int VECTORS = 0x100;
  private static final int HALVES = 0x102;
  private static final int TAR = 0x103;
  private static final int PPR = 0x104;
  private static final int DSCR = 0x105;

  /** A register: which set it is in, where, and what gdb is told of it. */
  private record Register(
      String feature, String name, int note, int offset, int bits, String type) {}

  private final List<Register> registers = new ArrayList<>();
  private final GuestAbi abi;
  private final boolean wide;

  /**
   * @param vectors whether the processor has VMX
   * @param halves whether it has VSX
   */
  RegisterLayout(GuestAbi abi, boolean vectors, boolean halves) {
    this.abi = abi;
    this.wide = abi.wide();
    int word = abi.wordSize();
    int bits = word * 8;
    String core = "org.gnu.gdb.power.core";
    for (int n = 0; n < 32; n++) {
      add(core, "r" + n, GENERAL, n * word, bits, wide ? "uint64" : "uint32");
    }
    add(core, "pc", GENERAL, 32 * word, bits, "code_ptr");
    add(core, "msr", GENERAL, 33 * word, bits, wide ? "uint64" : "uint32");
    add(core, "cr", GENERAL, narrow(38 * word), 32, "uint32");
    add(core, "lr", GENERAL, 36 * word, bits, "code_ptr");
    add(core, "ctr", GENERAL, 35 * word, bits, wide ? "uint64" : "uint32");
    add(core, "xer", GENERAL, narrow(37 * word), 32, "uint32");
    String fpu = "org.gnu.gdb.power.fpu";
    for (int n = 0; n < 32; n++) {
      add(fpu, "f" + n, FLOATS, 8 * n, 64, "ieee_double");
    }
    if (wide) {
      add(fpu, "fpscr", FLOATS, 8 * 32, 64, "uint64");
    } else {
      add(fpu, "fpscr", FLOATS, 8 * 32 + 4, 32, "uint32");
    }
    String linux = "org.gnu.gdb.power.linux";
    add(linux, "orig_r3", GENERAL, 34 * word, bits, "int");
    add(linux, "trap", GENERAL, 40 * word, bits, "int");
    if (vectors) {
      String altivec = "org.gnu.gdb.power.altivec";
      for (int n = 0; n < 32; n++) {
        add(altivec, "vr" + n, VECTORS, 16 * n, 128, "vec128");
      }
      add(altivec, "vscr", VECTORS, 512 + (abi.bigEndian() ? 12 : 0), 32, "int");
      add(altivec, "vrsave", VECTORS, 528, 32, "int");
    }
    if (halves) {
      for (int n = 0; n < 32; n++) {
        add("org.gnu.gdb.power.vsx", "vs" + n + "h", HALVES, 8 * n, 64, "uint64");
      }
    }
    if (wide) {
      add("org.gnu.gdb.power.ppr", "ppr", PPR, 0, 64, "uint64");
      add("org.gnu.gdb.power.dscr", "dscr", DSCR, 0, 64, "uint64");
      add("org.gnu.gdb.power.tar", "tar", TAR, 0, 64, "uint64");
    }
  }

  private void add(String feature, String name, int note, int offset, int bits, String type) {
    registers.add(new Register(feature, name, note, offset, bits, type));
  }

  /** Where the low half of a doubleword lies. */
  private int narrow(int offset) {
    return wide && abi.bigEndian() ? offset + 4 : offset;
  }

  int count() {
    return registers.size();
  }

  // ---- values -----------------------------------------------------------------------------------

  /** All registers in order, as the g packet has them; null if the task has ended. */
  @Nullable String all(Task task) {
    StringBuilder text = new StringBuilder();
    synchronized (task.cpu()) {
      if (task.ended()) {
        return null;
      }
      Struct set = null;
      int note = -1;
      for (Register register : registers) {
        if (register.note != note) {
          note = register.note;
          set = abi.registerSet(task, note);
        }
        text.append(value(register, set));
      }
    }
    return text.toString();
  }

  /** One register; null if the task has ended. */
  @Nullable String one(Task task, int number) {
    Register register = registers.get(number);
    synchronized (task.cpu()) {
      return task.ended() ? null : value(register, abi.registerSet(task, register.note));
    }
  }

  private static String value(Register register, @Nullable Struct set) {
    int bytes = register.bits / 8;
    return set == null
        ? "x".repeat(bytes * 2)
        : Hex.of(set.bytes(), register.offset, register.offset + bytes);
  }

  /** Sets all registers from a G packet; false if the task has ended. */
  boolean setAll(Task task, byte[] values) {
    int size = registers.stream().mapToInt(r -> r.bits / 8).sum();
    if (values.length != size) {
      throw new PacketException("registers of another size");
    }
    int at = 0;
    for (int n = 0; n < registers.size(); n++) {
      int bytes = registers.get(n).bits / 8;
      byte[] value = java.util.Arrays.copyOfRange(values, at, at + bytes);
      if (!setOne(task, n, value)) {
        return false;
      }
      at += bytes;
    }
    return true;
  }

  boolean setOne(Task task, int number, byte[] value) {
    Register register = registers.get(number);
    if (value.length != register.bits / 8) {
      throw new PacketException("a register of another size");
    }
    synchronized (task.cpu()) {
      Struct set = task.ended() ? null : abi.registerSet(task, register.note);
      if (set == null) {
        return false;
      }
      System.arraycopy(value, 0, set.bytes(), register.offset, value.length);
      return abi.setRegisterSet(task, register.note, set);
    }
  }

  // ---- description ------------------------------------------------------------------------------

  private static final String VECTOR_TYPES =
      """
      <vector id="v16i8" type="int8" count="16"/>
      <vector id="v8i16" type="int16" count="8"/>
      <vector id="v4i32" type="int32" count="4"/>
      <vector id="v4f" type="ieee_single" count="4"/>
      <union id="vec128">
      <field name="uint128" type="uint128"/>
      <field name="v4_float" type="v4f"/>
      <field name="v4_int32" type="v4i32"/>
      <field name="v8_int16" type="v8i16"/>
      <field name="v16_int8" type="v16i8"/>
      </union>
      """;

  /** The target description: target.xml. */
  String description() {
    StringBuilder text = new StringBuilder();
    text.append("<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n<target>\n");
    text.append("<architecture>powerpc:").append(wide ? "common64" : "common");
    text.append("</architecture>\n<osabi>GNU/Linux</osabi>\n");
    String feature = "";
    for (Register register : registers) {
      if (!register.feature.equals(feature)) {
        text.append(feature.isEmpty() ? "" : "</feature>\n");
        feature = register.feature;
        text.append("<feature name=\"").append(feature).append("\">\n");
        text.append(register.note == VECTORS ? VECTOR_TYPES : "");
      }
      text.append("<reg name=\"").append(register.name).append("\" bitsize=\"");
      text.append(register.bits).append("\" type=\"").append(register.type).append("\"/>\n");
    }
    return text.append("</feature>\n</target>\n").toString();
  }
}
