package dev.vestibule.cpu.x86;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What machine code was made of which instructions?
 *
 * <p>A line for each block with its guest and host addresses, and one for each instruction with its
 * address and its code in hexadecimal, which a disassembler of the host reads.
 */
public final class Listing {
  private static volatile @Nullable PrintStream out;

  private Listing() {}

  /** Lists all code of this JVM that is translated from now on; null ends it. */
  public static void to(@Nullable PrintStream stream) {
    out = stream;
  }

  /**
   * Lists blocks that were just translated.
   *
   * @param code their bytes
   * @param offset of the first byte in the code memory
   * @param host address of the first byte
   */
  static void add(List<BlockEmitter.Placed> blocks, byte[] code, int size, int offset, long host) {
    PrintStream stream = out;
    if (stream == null) {
      return;
    }
    StringBuilder text = new StringBuilder();
    for (int n = 0; n < blocks.size(); n++) {
      BlockEmitter.Placed one = blocks.get(n);
      int end = n + 1 < blocks.size() ? blocks.get(n + 1).at() : blocks.getFirst().entryStub();
      int at = one.at() - offset;
      int[] places = one.places();
      text.append("block 0x%x at 0x%x%n".formatted(one.block().pc(), host + at));
      for (int k = 0; k < places.length; k++) {
        int to = k + 1 < places.length ? at + places[k + 1] : end - offset;
        byte[] bytes = Arrays.copyOfRange(code, at + places[k], to);
        long pc = one.block().pcAt(one.block().start(k));
        text.append("  0x%x %s%n".formatted(pc, HexFormat.of().formatHex(bytes)));
      }
    }
    int stubs = blocks.getFirst().entryStub() - offset;
    byte[] bytes = Arrays.copyOfRange(code, stubs, size);
    text.append("  stubs %s%n".formatted(HexFormat.of().formatHex(bytes)));
    stream.print(text);
  }
}
