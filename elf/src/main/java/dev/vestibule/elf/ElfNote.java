package dev.vestibule.elf;

import java.util.Arrays;
import java.util.HexFormat;

/**
 * What did a linker or kernel note down in this file? One note: its owner, the owner's type number,
 * and the description's bytes (not to be modified).
 */
@SuppressWarnings("ArrayRecordComponent")
public record ElfNote(String name, int type, byte[] description) {

  /** "Linux" type 0: the kernel's LINUX_VERSION_CODE, four bytes in the file's byte order. */
  public static ElfNote linuxVersion(int code, java.nio.ByteOrder order) {
    byte[] bytes = java.nio.ByteBuffer.allocate(4).order(order).putInt(code).array();
    return new ElfNote("Linux", Elf.NT_LINUX_VERSION, bytes);
  }

  /** "Linux" type 0x100: the build salt, as a NUL-terminated string. */
  public static ElfNote buildSalt(String salt) {
    byte[] text = salt.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    return new ElfNote("Linux", Elf.NT_LINUX_BUILD_SALT, Arrays.copyOf(text, text.length + 1));
  }

  /** "GNU" type 3: the build id, 20 bytes in general. */
  public static ElfNote buildId(byte[] id) {
    return new ElfNote("GNU", Elf.NT_GNU_BUILD_ID, id.clone());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ElfNote n
        && n.name.equals(name)
        && n.type == type
        && Arrays.equals(n.description, description);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * name.hashCode() + type) + Arrays.hashCode(description);
  }

  @Override
  public String toString() {
    return name + " type " + ElfException.hex(type) + ": " + HexFormat.of().formatHex(description);
  }
}
