package dev.vestibule.handed;

import dev.vestibule.elf.DynamicTable;
import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.ElfHeader;
import dev.vestibule.elf.ElfNote;
import dev.vestibule.elf.ElfSymbol;
import dev.vestibule.elf.ElfVersions;
import dev.vestibule.elf.ProgramHeader;
import dev.vestibule.elf.cfi.Fde;
import dev.vestibule.elf.cfi.FrameTable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntFunction;

/** What can a program see of a vDSO image? One line for each fact, in a fixed order. */
final class ImageText {
  private static final int VERSION_NOTE = 0;
  private static final int SALT_NOTE = 0x100;

  private final ElfFile file;
  private final List<String> lines = new ArrayList<>();

  private ImageText(ElfFile file) {
    this.file = file;
  }

  /**
   * The facts of an image.
   *
   * @param frames whether the instructions of its call-frame data are shown, too
   */
  static List<String> of(ElfFile file, boolean frames) throws ElfException {
    ImageText text = new ImageText(file);
    text.header();
    text.names();
    text.notes();
    text.symbols();
    text.frames(frames);
    return text.lines;
  }

  private void add(String format, Object... arguments) {
    lines.add(ElfException.oneLine(format.formatted(arguments)));
  }

  private void header() {
    ElfHeader header = file.header();
    add(
        "image: %d bits, %s-endian, machine %d, flags 0x%x, entry 0x%x, %d bytes",
        header.is64() ? 64 : 32,
        header.order().equals(ByteOrder.BIG_ENDIAN) ? "big" : "little",
        header.machine(),
        header.flags(),
        header.entry(),
        file.size());
    for (ProgramHeader segment : file.programHeaders()) {
      add(
          "segment: type 0x%x, %s%s%s, address 0x%x, offset 0x%x, %d bytes, aligned to 0x%x",
          segment.type(),
          segment.readable() ? "r" : "-",
          segment.writable() ? "w" : "-",
          segment.executable() ? "x" : "-",
          segment.vaddr(),
          segment.offset(),
          segment.filesz(),
          segment.align());
    }
  }

  private void names() throws ElfException {
    add("soname: %s", String.valueOf(file.dynamicString(Elf.DT_SONAME)));
    DynamicTable dynamic = file.dynamic();
    boolean sysv = dynamic.has(Elf.DT_HASH);
    boolean gnu = dynamic.has(Elf.DT_GNU_HASH);
    add("hash tables: %s", sysv && gnu ? "sysv and gnu" : sysv ? "sysv" : gnu ? "gnu" : "none");
    for (ElfVersions.Definition version : file.versions().definitions()) {
      add(
          "version: %s, hash 0x%08x%s",
          version.name(), version.hash(), version.isBase() ? ", base" : "");
    }
  }

  private void notes() throws ElfException {
    for (ElfNote note : file.notes()) {
      ByteBuffer content = ByteBuffer.wrap(note.description()).order(file.header().order());
      if (note.name().equals("Linux") && note.type() == VERSION_NOTE && content.remaining() == 4) {
        int code = content.getInt(0);
        add("note: Linux %d.%d.%d", code >>> 16, code >>> 8 & 0xff, code & 0xff);
      } else if (note.name().equals("Linux") && note.type() == SALT_NOTE) {
        String salt = new String(note.description(), StandardCharsets.UTF_8);
        add("note: build salt %s", salt.replace("\0", ""));
      } else {
        add("note: %s", note);
      }
    }
  }

  private void symbols() throws ElfException {
    List<ElfSymbol> symbols = new ArrayList<>(file.dynamicSymbols().symbols());
    symbols.removeIf(symbol -> symbol.name().isEmpty());
    symbols.sort(
        Comparator.comparing(ElfSymbol::value, Long::compareUnsigned)
            .thenComparing(ElfSymbol::name));
    for (ElfSymbol symbol : symbols) {
      add(
          "symbol: 0x%06x %5d %s %s%s",
          symbol.value(),
          symbol.size(),
          type(symbol.type()),
          symbol.name(),
          symbol.version() == null ? "" : "@" + symbol.version());
    }
  }

  private static String type(int type) {
    return switch (type) {
      case Elf.STT_NOTYPE -> "notype";
      case Elf.STT_OBJECT -> "object";
      case Elf.STT_FUNC -> "func  ";
      default -> "type " + type;
    };
  }

  private void frames(boolean instructions) throws ElfException {
    FrameTable frames = FrameTable.read(file);
    IntFunction<String> unnamed = column -> "";
    for (Fde fde : frames.fdes()) {
      add(
          "frame: 0x%06x..0x%06x augmentation %s, return column %d%s",
          fde.start(),
          fde.start() + fde.size(),
          fde.cie().augmentation(),
          fde.cie().returnColumn(),
          fde.cie().signalFrame() ? ", signal frame" : "");
      if (instructions) {
        for (String line : frames.text(fde, unnamed)) {
          add("  %s", line.strip());
        }
      }
    }
  }
}
