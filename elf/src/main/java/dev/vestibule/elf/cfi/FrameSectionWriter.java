package dev.vestibule.elf.cfi;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * Which bytes are an image's .eh_frame and .eh_frame_hdr? Collects FDEs; sizes are known before
 * addresses are, so that a builder can lay the image out first.
 */
public final class FrameSectionWriter {
  /** A run of code: a byte offset into a named section, and a length in bytes. */
  public record Code(String section, long offset, long length) {}

  @SuppressWarnings("ArrayRecordComponent")
  private record Entry(CieSpec cie, Code code, byte[] program) {}

  private record Row(long start, long entry) {}

  private final boolean is64;
  private final ByteOrder order;
  private final boolean terminator;
  private final List<Entry> entries = new ArrayList<>();

  /**
   * @param terminator whether .eh_frame ends with a zero length, which readers that search it
   *     linearly need
   */
  public FrameSectionWriter(boolean is64, ByteOrder order, boolean terminator) {
    this.is64 = is64;
    this.order = order;
    this.terminator = terminator;
  }

  /** Adds an FDE; its CIE (by identity) is written before its first FDE. */
  public FrameSectionWriter fde(CieSpec cie, Code code, byte[] program) {
    entries.add(new Entry(cie, code, program.clone()));
    return this;
  }

  /** Whether there is no FDE. */
  public boolean isEmpty() {
    return entries.isEmpty();
  }

  /** Size in bytes of .eh_frame. */
  public int frameSize() {
    return write(0, section -> 0, new ArrayList<>(), false).length;
  }

  /** Size in bytes of .eh_frame_hdr with its search table. */
  public int headerSize() {
    return 12 + 8 * entries.size();
  }

  /**
   * The bytes of .eh_frame.
   *
   * @param address the section's own address
   * @param sections the address of a named section
   * @throws IllegalArgumentException if a distance does not fit its pointer encoding
   */
  public byte[] frame(long address, ToLongFunction<String> sections) {
    return write(address, sections, new ArrayList<>(), true);
  }

  /** The bytes of .eh_frame_hdr at an address, for .eh_frame at another. */
  public byte[] header(long address, long frameAddress, ToLongFunction<String> sections) {
    List<Row> rows = new ArrayList<>();
    write(frameAddress, sections, rows, true);
    rows.sort(Comparator.comparing(Row::start, Long::compareUnsigned));
    DwarfBytes out = new DwarfBytes(order);
    out.u1(1);
    out.u1(PointerEncoding.PCREL | PointerEncoding.SDATA4);
    out.u1(PointerEncoding.UDATA4);
    out.u1(PointerEncoding.DATAREL | PointerEncoding.SDATA4);
    out.fixed(near(frameAddress - (address + 4)), 4);
    out.fixed(rows.size(), 4);
    for (Row row : rows) {
      out.fixed(near(row.start - address), 4);
      out.fixed(near(row.entry - address), 4);
    }
    return out.toByteArray();
  }

  private static long near(long distance) {
    if (distance != (int) distance) {
      throw new IllegalArgumentException("distance " + distance + " does not fit 32 bits");
    }
    return distance;
  }

  private byte[] write(
      long address, ToLongFunction<String> sections, List<Row> rows, boolean checked) {
    DwarfBytes out = new DwarfBytes(order);
    IdentityHashMap<CieSpec, Integer> written = new IdentityHashMap<>();
    for (Entry entry : entries) {
      Integer cieAt = written.get(entry.cie);
      if (cieAt == null) {
        cieAt = out.size();
        written.put(entry.cie, cieAt);
        putCie(out, entry.cie);
      }
      rows.add(
          new Row(
              sections.applyAsLong(entry.code.section) + entry.code.offset, address + out.size()));
      putFde(out, address, sections, entry, cieAt, checked);
    }
    if (terminator) {
      out.fixed(0, 4);
    }
    return out.toByteArray();
  }

  private void putCie(DwarfBytes out, CieSpec cie) {
    DwarfBytes body = new DwarfBytes(order);
    body.fixed(0, 4);
    body.u1(1);
    for (char c : cie.augmentation().toCharArray()) {
      body.u1(c);
    }
    body.u1(0);
    body.uleb(cie.codeAlignment());
    body.sleb(cie.dataAlignment());
    body.u1(cie.returnColumn());
    boolean encoded = cie.augmentation().indexOf('R') >= 0;
    if (!cie.augmentation().isEmpty()) {
      body.uleb(encoded ? 1 : 0);
    }
    if (encoded) {
      body.u1(cie.pointerEncoding());
    }
    body.put(cie.initial());
    putEntry(out, body, cie.alignment());
  }

  private void putFde(
      DwarfBytes out,
      long address,
      ToLongFunction<String> sections,
      Entry entry,
      int cieAt,
      boolean checked) {
    CieSpec cie = entry.cie;
    DwarfBytes body = new DwarfBytes(order);
    int idAt = out.size() + 4;
    body.fixed(idAt - cieAt, 4);
    int encoding = cie.pointerEncoding();
    int size = PointerEncoding.size(encoding, is64);
    long start = sections.applyAsLong(entry.code.section) + entry.code.offset;
    if ((encoding & 0x70) == PointerEncoding.PCREL) {
      start -= address + idAt + 4;
    }
    if (checked
        && !(PointerEncoding.fits(encoding, is64, start)
            && PointerEncoding.fits(encoding, is64, entry.code.length))) {
      throw new IllegalArgumentException(
          "the address of " + entry.code + " does not fit pointer encoding " + encoding);
    }
    body.fixed(start, size);
    body.fixed(entry.code.length, size);
    if (!cie.augmentation().isEmpty()) {
      body.uleb(0);
    }
    body.put(entry.program);
    putEntry(out, body, cie.alignment());
  }

  /** Length, content and padding; the whole entry is a multiple of the alignment. */
  private static void putEntry(DwarfBytes out, DwarfBytes body, int alignment) {
    while ((out.size() + 4 + body.size()) % alignment != 0) {
      body.u1(CallFrameOp.NOP.code());
    }
    out.fixed(body.size(), 4);
    out.put(body.toByteArray());
  }
}
