package dev.vestibule.inspect;

import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.ElfNote;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What do the notes of an image say of the kernel that made it?
 *
 * @param linuxVersion from the version code, such as {@code 6.1.176}; a sublevel of 255 may stand
 *     for a higher one
 * @param salt the build salt, which is configuration text and no version
 * @param buildId in hexadecimal
 * @param others notes of no known meaning, in file order
 */
public record Notes(
    @Nullable String linuxVersion,
    @Nullable String salt,
    @Nullable String buildId,
    List<ElfNote> others) {
  private static final int SALT = 0x100;
  private static final int BUILD_ID = 3;

  /** Reads the notes; damaged ones count as missing. */
  public static Notes of(ElfFile file) {
    List<ElfNote> all;
    try {
      all = file.notes();
    } catch (ElfException e) {
      all = List.of();
    }
    String version = null;
    String salt = null;
    String buildId = null;
    List<ElfNote> others = new ArrayList<>();
    for (ElfNote note : all) {
      byte[] content = note.description();
      if (note.name().equals("Linux") && note.type() == Elf.NT_LINUX_VERSION) {
        version = content.length == 4 ? version(file, content) : version;
      } else if (note.name().equals("Linux") && note.type() == SALT) {
        salt = new String(content, StandardCharsets.UTF_8).replace("\0", "");
      } else if (note.name().equals("GNU") && note.type() == BUILD_ID) {
        buildId = HexFormat.of().formatHex(content);
      } else {
        others.add(note);
      }
    }
    return new Notes(version, salt, buildId, List.copyOf(others));
  }

  private static String version(ElfFile file, byte[] content) {
    int code = ByteBuffer.wrap(content).order(file.header().order()).getInt();
    return (code >>> 16) + "." + (code >>> 8 & 0xff) + "." + (code & 0xff);
  }
}
