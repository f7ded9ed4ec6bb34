package dev.vestibule.handed.power;

import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.ElfSymbol;
import dev.vestibule.elf.ProgramHeader;
import dev.vestibule.elf.SectionHeader;
import dev.vestibule.elf.SymbolPatch;
import dev.vestibule.handed.VdsoImage;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.KernelProfile.Area;
import dev.vestibule.profile.KernelProfile.Feature;
import dev.vestibule.profile.KernelProfile.Reach;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What does a Power kernel make of its own image at boot? It fills in how far away the data page is
 * and rewrites symbols (to 5.10), or applies the fixups of processor features (from 5.11). The
 * image's distance to its data is compiled in then, and tells the page size it was made for.
 */
public final class RealImage {
  private static final String DATAPAGE_OFFSET = "__kernel_datapage_offset";

  /** {@code bcl 20,31,.+4}: the link register becomes the address of what follows. */
  private static final int BCL = 0x429f0005;

  private static final int MFLR = 0x7c0802a6;
  private static final int BCTRL = 0x4e800421;
  private static final int NOP = 0x60000000;
  private static final int PRIMARY = 26;
  private static final int ADDI = 14;
  private static final int ADDIS = 15;
  private static final int BRANCH = 18;
  private static final int BRANCH_CONDITIONAL = 16;

  /** How many instructions behind bcl the address is complete. */
  private static final int REACH = 10;

  /** asm/cputable.h of Linux 5.11 and later. */
  private static final long COHERENT_ICACHE = 1;

  /** Cell's time base could be read while it changed; asm/cputable.h, 64-bit kernels only. */
  private static final long CELL_TIMEBASE = 1L << 50;

  private static final List<String> OTHER_FIXUPS = List.of("__mmu_ftr_fixup", "__fw_ftr_fixup");

  private final KernelProfile profile;
  private final ElfFile file;
  private final byte[] bytes;
  private final int fileSize;
  private final ByteBuffer words;
  private final boolean is64;

  /**
   * @param file a verified image for the profile's architecture
   * @param image its bytes
   */
  public RealImage(KernelProfile profile, ElfFile file, byte[] image) {
    this.profile = profile;
    this.file = file;
    int page = profile.memory().pageSize();
    fileSize = image.length;
    bytes = Arrays.copyOf(image, image.length + page - 1 & -page);
    words = ByteBuffer.wrap(bytes).order(file.header().order());
    is64 = file.header().is64();
  }

  /** What keeps this kernel from handing out the image, or null. */
  public @Nullable String mismatch() throws ElfException {
    boolean word = file.dynamicSymbols().find(DATAPAGE_OFFSET, null) != null;
    if (word != (profile.data().reach() == Reach.OFFSET_WORD)) {
      return word
          ? "it is from before Linux 5.11, when the data page lay behind the image"
          : "it is from Linux 5.11 or later, when the data page lies in front of the image";
    }
    if (word) {
      return null;
    }
    long distance = distance();
    long here = distanceHere();
    if (distance == 0) {
      return "its code does not tell where it looks for the data page";
    }
    if (distance == here) {
      return null;
    }
    int page = profile.memory().pageSize();
    String where =
        "its code looks for the data 0x%x bytes in front of it, this kernel has it 0x%x bytes"
            .formatted(distance, here);
    long pages = here / page;
    return distance % pages == 0 && Long.bitCount(distance / pages) == 1
        ? where + ": it is made for pages of " + (distance / pages >> 10) + " KiB"
        : where;
  }

  /** Bytes between the profile's first data page and the image. */
  private long distanceHere() {
    long before = 0;
    for (Area area : profile.areas()) {
      for (String part : area.holds()) {
        if (part.equals("image")) {
          return before;
        }
        before += profile.memory().pageSize();
      }
    }
    return before;
  }

  /** Bytes between the farthest data the code refers to and the image; 0 if it refers to none. */
  private long distance() {
    long farthest = 0;
    ProgramHeader load = file.segment(Elf.PT_LOAD);
    int end = load == null ? 0 : (int) Math.min(fileSize, load.filesz()) & -4;
    for (int at = 0; at < end; at += 4) {
      if (words.getInt(at) == BCL) {
        farthest = Math.max(farthest, -target(at + 4, Math.min(end, at + 4 + 4 * REACH)));
      }
    }
    // The field that the code wants may be inside the page.
    int smallest = 4096;
    return farthest + smallest - 1 & -smallest;
  }

  /** The offset that mflr, addis and addi make of the offset of the instruction behind bcl. */
  private long target(int origin, int end) {
    int register = -1;
    boolean added = false;
    long value = origin;
    for (int at = origin; at < end; at += 4) {
      int instruction = words.getInt(at);
      int to = instruction >>> 21 & 31;
      int from = instruction >>> 16 & 31;
      if ((instruction & 0xfc1fffff) == MFLR && register < 0) {
        register = to;
      } else if (instruction >>> PRIMARY == ADDIS && from == register && register > 0) {
        value += (long) (short) instruction << 16;
        register = to;
        added = true;
      } else if (instruction >>> PRIMARY == ADDI && from == register && added) {
        return value + (short) instruction;
      }
    }
    return 0;
  }

  /**
   * The image as this kernel maps it.
   *
   * @throws ElfException if a table that the kernel would use is damaged
   */
  public VdsoImage build() throws ElfException {
    byte[] patched = bytes;
    if (profile.data().reach() == Reach.OFFSET_WORD) {
      offsetWord();
      for (Map.Entry<String, String> entry : profile.vdso().rewrite().entrySet()) {
        if (file.dynamicSymbols().find(entry.getKey(), null) == null) {
          continue;
        }
        patched =
            entry.getValue().isEmpty()
                ? SymbolPatch.remove(patched, entry.getKey())
                : SymbolPatch.redirect(patched, entry.getKey(), entry.getValue());
      }
    } else {
      fixups();
    }
    Map<String, Integer> functions = functions(ElfFile.read(patched, file.name()));
    return new VdsoImage(patched, fileSize, functions, trampolines(functions));
  }

  /** Up to 5.10: the distance from the word to the page behind the image. */
  private void offsetWord() throws ElfException {
    ElfSymbol symbol = file.dynamicSymbols().find(DATAPAGE_OFFSET, null);
    int at = symbol == null ? -1 : inside(symbol.value(), 4);
    if (at >= 0) {
      words.putInt(at, bytes.length - at);
    }
  }

  /** File offset of an address whose bytes are all in the image, or -1. */
  private int inside(long address, int length) {
    long offset = file.offsetOf(address);
    return offset >= 0 && offset <= fileSize - length ? (int) offset : -1;
  }

  private long features() {
    return profile.vdso().features().contains(Feature.COHERENT_ICACHE) ? COHERENT_ICACHE : 0;
  }

  private void fixups() throws ElfException {
    for (SectionHeader section : file.sections()) {
      if (section.size() == 0) {
        continue;
      }
      if (section.name().equals("__ftr_fixup")) {
        int word = is64 ? 8 : 4;
        int count = (int) (Math.min(section.size(), fileSize) / (6 * word));
        for (int i = 0; i < count; i++) {
          int at = inside(section.addr() + (long) i * 6 * word, 6 * word);
          if (at < 0) {
            throw damaged(section, "an entry is not inside the image");
          }
          fixup(section, at, word);
        }
      } else if (OTHER_FIXUPS.contains(section.name())) {
        throw damaged(section, "fixups of this kind are not known for this processor");
      }
      // All processors of the profiles have lwsync, so that __lwsync_fixup asks for nothing.
    }
  }

  private long word(int at, int size) {
    return size == 8 ? words.getLong(at) : words.getInt(at) & 0xffffffffL;
  }

  private long distance(int at, int size) {
    return size == 8 ? words.getLong(at) : words.getInt(at);
  }

  /**
   * Mask, value, begin and end of the code, begin and end of what takes its place, counted from the
   * entry (lib/feature-fixups.c): it stays if the features under the mask have the value.
   */
  private void fixup(SectionHeader section, int at, int size) throws ElfException {
    long mask = word(at, size);
    long value = word(at + size, size);
    long known = COHERENT_ICACHE | (is64 ? CELL_TIMEBASE : 0);
    if ((mask & ~known) != 0) {
      throw damaged(section, "processor feature 0x%x is not known".formatted(mask & ~known));
    }
    if ((features() & mask) == value) {
      return;
    }
    long begin = at + distance(at + 2 * size, size);
    long end = at + distance(at + 3 * size, size);
    long from = at + distance(at + 4 * size, size);
    long to = at + distance(at + 5 * size, size);
    boolean sound =
        begin >= 0
            && begin <= end
            && end <= fileSize
            && from >= 0
            && from <= to
            && to <= fileSize
            && to - from <= end - begin
            && ((begin | end | from | to) & 3) == 0;
    if (!sound) {
      throw damaged(section, "an entry at 0x%x leads outside the image".formatted(at));
    }
    int put = (int) begin;
    for (int take = (int) from; take < to; take += 4) {
      words.putInt(put, relocated(words.getInt(take), take, put, from, to));
      put += 4;
    }
    for (; put < end; put += 4) {
      words.putInt(put, NOP);
    }
  }

  /** A relative branch out of the replacement still leads where it led. */
  private static int relocated(int instruction, int at, int to, long from, long end) {
    int primary = instruction >>> PRIMARY;
    boolean absolute = (instruction & 2) != 0;
    if (absolute || primary != BRANCH && primary != BRANCH_CONDITIONAL) {
      return instruction;
    }
    int mask = primary == BRANCH ? 0x03fffffc : 0xfffc;
    int shift = primary == BRANCH ? 6 : 16;
    int offset = (instruction & mask) << shift >> shift;
    long target = (long) at + offset;
    return target >= from && target < end
        ? instruction
        : instruction & ~mask | (int) (target - to) & mask;
  }

  private ElfException damaged(SectionHeader section, String problem) {
    return new ElfException(
        ElfException.Reason.MALFORMED, file.name(), section.name(), section.offset(), problem);
  }

  private Map<String, Integer> functions(ElfFile patched) throws ElfException {
    List<ElfSymbol> symbols = new ArrayList<>(patched.dynamicSymbols().symbols());
    // From 5.11 the begin of the 64-bit trampoline is a local symbol.
    symbols.addAll(patched.staticSymbols());
    Map<String, Integer> functions = new HashMap<>();
    for (ElfSymbol symbol : symbols) {
      int at = symbol.defined() ? inside(symbol.value(), 4) : -1;
      if (at >= 0 && symbol.name().startsWith("__kernel_") && symbol.section() != Elf.SHN_ABS) {
        functions.putIfAbsent(symbol.name(), at);
      }
    }
    return functions;
  }

  private VdsoImage.Trampolines trampolines(Map<String, Integer> functions) {
    int rt = functions.getOrDefault(is64 ? "__kernel_sigtramp_rt64" : "__kernel_sigtramp_rt32", -1);
    int start = functions.getOrDefault("__kernel_start_sigtramp_rt64", -1);
    if (start < 0 && is64 && rt >= 4 && words.getInt(rt - 4) == BCTRL) {
      start = rt - 4;
    }
    return new VdsoImage.Trampolines(
        functions.getOrDefault("__kernel_sigtramp32", -1), rt, is64 ? start : -1);
  }
}
