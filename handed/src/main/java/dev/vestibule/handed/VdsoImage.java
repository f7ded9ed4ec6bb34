package dev.vestibule.handed;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * What is mapped as vDSO? An image's bytes, padded to whole pages, and where its functions lie.
 *
 * @param bytes not to be modified
 * @param fileSize bytes without the padding
 * @param functions name -> offset from the image's first byte, trampolines included
 * @param trampolines what the kernel must know of the signal trampolines
 */
@SuppressWarnings("ArrayRecordComponent")
public record VdsoImage(
    byte[] bytes, int fileSize, Map<String, Integer> functions, Trampolines trampolines) {

  public VdsoImage {
    functions = Map.copyOf(functions);
  }

  /**
   * Offsets of the signal trampolines, -1 for what the image does not have.
   *
   * @param old for frames without siginfo (32-bit programs)
   * @param rt for frames with siginfo
   * @param rtStart where the kernel enters the handler from (Linux 5.10 and later, 64-bit)
   */
  public record Trampolines(int old, int rt, int rtStart) {}

  /** The image as a file. */
  public byte[] file() {
    return Arrays.copyOf(bytes, fileSize);
  }

  /**
   * The functions by their offset. Where a symbol took another's place, the offset has the name
   * that programs call, which is the shorter one.
   */
  public Map<Long, String> names() {
    Map<Long, String> names = new HashMap<>();
    functions.forEach((name, offset) ->
        names.merge((long) offset, name, (a, b) -> a.length() <= b.length() ? a : b));
    return Map.copyOf(names);
  }

  void write(DataOutputStream out, int pageSize) throws IOException {
    out.writeInt(pageSize);
    out.writeInt(fileSize);
    out.write(bytes, 0, fileSize);
    out.writeShort(functions.size());
    for (Map.Entry<String, Integer> function : functions.entrySet()) {
      out.writeUTF(function.getKey());
      out.writeInt(function.getValue());
    }
    out.writeInt(trampolines.old());
    out.writeInt(trampolines.rt());
    out.writeInt(trampolines.rtStart());
  }

  static VdsoImage read(DataInputStream in) throws IOException {
    int pageSize = in.readInt();
    int fileSize = in.readInt();
    byte[] bytes = new byte[fileSize + pageSize - 1 & -pageSize];
    in.readFully(bytes, 0, fileSize);
    Map<String, Integer> functions = new HashMap<>();
    for (int n = in.readUnsignedShort(); n > 0; n--) {
      functions.put(in.readUTF(), in.readInt());
    }
    Trampolines trampolines = new Trampolines(in.readInt(), in.readInt(), in.readInt());
    return new VdsoImage(bytes, fileSize, functions, trampolines);
  }
}
