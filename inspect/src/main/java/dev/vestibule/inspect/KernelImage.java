package dev.vestibule.inspect;

import dev.vestibule.elf.ElfFile;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Which image was found in a kernel, and where? The bytes are as the linker of that kernel left
 * them: alternatives and feature fixups are not applied.
 *
 * @param bytes the whole file, not to be modified
 * @param soname what the image calls itself
 * @param where inside what it was found, outermost first, such as {@code data.tar.xz,
 *     boot/vmlinuz-6.1, xz at 0x4000}; empty for the file itself
 * @param offset of the image in the innermost container, in bytes
 * @param release from the banner "Linux version ..." beside the image, null without one
 */
@SuppressWarnings("ArrayRecordComponent")
public record KernelImage(
    byte[] bytes,
    ElfFile file,
    String soname,
    String where,
    long offset,
    @Nullable String release) {

  /** The kernel it is from: the banner's release, else the version in the image's own note. */
  public String kernel() {
    if (release != null) {
      return release;
    }
    String noted = Notes.of(file).linuxVersion();
    return noted == null ? "unknown" : noted;
  }

  /** The instruction set and ABI, such as {@code ppc64le} or {@code x32}. */
  public String architecture() {
    return Machine.name(file.header());
  }

  /** Whether addresses have 64 bits. */
  public boolean is64() {
    return file.header().is64();
  }

  /** Whether data has its high byte first. */
  public boolean isBigEndian() {
    return file.header().order().equals(ByteOrder.BIG_ENDIAN);
  }

  /** SHA-256 of the bytes in hexadecimal. */
  public String sha256() {
    return sha256(bytes);
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A name for the image's file, made of the kernel and the architecture, without a directory. */
  public String fileName() {
    String kernel = kernel().replaceAll("[^A-Za-z0-9._+~-]", "_");
    return "vdso-"
        + kernel.substring(0, Math.min(kernel.length(), 80))
        + "-"
        + architecture()
        + ".so";
  }
}
