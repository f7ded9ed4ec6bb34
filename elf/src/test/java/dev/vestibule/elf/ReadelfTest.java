package dev.vestibule.elf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.elf.cfi.CfaRow;
import dev.vestibule.elf.cfi.Cie;
import dev.vestibule.elf.cfi.Fde;
import dev.vestibule.elf.cfi.FrameTable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Do the readers see in real files, and in our own images, what binutils' readelf sees? */
class ReadelfTest {
  @TempDir Path scratch;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/usr/powerpc-linux-gnu/lib/ld.so.1",
        "/usr/powerpc-linux-gnu/lib/libc.so.6",
        "/usr/powerpc-linux-gnu/lib/libstdc++.so.6",
        "/usr/powerpc64-linux-gnu/lib/ld64.so.1",
        "/usr/powerpc64-linux-gnu/lib/libc.so.6",
        "/usr/powerpc64-linux-gnu/lib/libm.so.6",
        "/usr/powerpc64le-linux-gnu/lib/ld64.so.2",
        "/usr/powerpc64le-linux-gnu/lib/libc.so.6",
        "/usr/powerpc64le-linux-gnu/lib/libgcc_s.so.1",
        "/lib/x86_64-linux-gnu/libc.so.6",
      })
  void realFile(String path) throws Exception {
    compare(Tool.file(path));
  }

  @ParameterizedTest
  @EnumSource(SampleImage.class)
  void ownImage(SampleImage sample) throws Exception {
    Path file = scratch.resolve(sample.name());
    Files.write(file, sample.build().bytes());
    compare(file);
  }

  static void compare(Path path) throws Exception {
    String name = path.toString();
    ElfFile file = ElfFile.read(Files.readAllBytes(path), name);
    assertThat(segments(file)).isEqualTo(readelfSegments(name));
    assertThat(sections(file)).isEqualTo(readelfSections(name));
    assertThat(dynamic(file)).isEqualTo(readelfDynamic(name));
    assertThat(symbols(file)).isEqualTo(readelfSymbols(name));
    assertThat(notes(file)).isEqualTo(readelfNotes(name));
    // readelf needs section headers for these two.
    if (!file.sections().isEmpty()) {
      assertThat(versions(file.versions())).isEqualTo(readelfVersions(name));
      Map<String, List<String>> frames = frames(file);
      Map<String, List<String>> expected = readelfFrames(name);
      expected.forEach((at, entry) -> assertThat(frames.get(at)).as(at).isEqualTo(entry));
      assertThat(frames).hasSameSizeAs(expected);
      rowsMatch(file, name);
    }
    hashTablesFindEverySymbol(file);
    searchTableMatches(file);
  }

  private static List<String> segments(ElfFile file) {
    List<String> result = new ArrayList<>();
    for (ProgramHeader p : file.programHeaders()) {
      result.add(
          "%x %x %x %x %x %s%s%s %x"
              .formatted(
                  p.offset(),
                  p.vaddr(),
                  p.paddr(),
                  p.filesz(),
                  p.memsz(),
                  p.readable() ? "R" : "",
                  p.writable() ? "W" : "",
                  p.executable() ? "E" : "",
                  p.align()));
    }
    return result;
  }

  private static List<String> readelfSegments(String name) throws Exception {
    Pattern line =
        Pattern.compile("  \\S+ +0x(\\S+) 0x(\\S+) 0x(\\S+) 0x(\\S+) 0x(\\S+) ([RWE ]+) 0x(\\S+)");
    List<String> result = new ArrayList<>();
    for (String text : Tool.lines("readelf", "-lW", name)) {
      Matcher m = line.matcher(text);
      if (m.matches()) {
        List<String> fields = new ArrayList<>();
        for (int i = 1; i <= 7; i++) {
          fields.add(i == 6 ? m.group(i).replace(" ", "") : hex(m.group(i)));
        }
        result.add(String.join(" ", fields));
      }
    }
    return result;
  }

  private static String hex(String digits) {
    return Long.toHexString(Long.parseUnsignedLong(digits, 16));
  }

  private static List<String> sections(ElfFile file) throws ElfException {
    List<String> result = new ArrayList<>();
    for (SectionHeader s : file.sections()) {
      if (s.type() != Elf.SHT_NULL) {
        result.add(
            "%s %x %x %x %x %d %d %d"
                .formatted(
                    s.name(),
                    s.addr(),
                    s.offset(),
                    s.size(),
                    s.entsize(),
                    s.link(),
                    s.info(),
                    s.addralign()));
      }
    }
    return result;
  }

  private static List<String> readelfSections(String name) throws Exception {
    Pattern line =
        Pattern.compile(
            "  \\[ *\\d+\\] (\\S+) +\\S+ +([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)"
                + " [ A-Zlxop]{3} +(\\d+) +(\\d+) +(\\d+)");
    List<String> result = new ArrayList<>();
    for (String text : Tool.lines("readelf", "-SW", name)) {
      Matcher m = line.matcher(text);
      if (m.matches()) {
        result.add(
            String.join(
                " ",
                m.group(1),
                hex(m.group(2)),
                hex(m.group(3)),
                hex(m.group(4)),
                hex(m.group(5)),
                m.group(6),
                m.group(7),
                m.group(8)));
      }
    }
    return result;
  }

  private static List<String> dynamic(ElfFile file) throws ElfException {
    List<String> result = new ArrayList<>();
    long mask = file.header().is64() ? -1 : 0xffffffffL;
    for (DynamicTable.Entry entry : file.dynamic().entries()) {
      result.add(Long.toHexString(entry.tag() & mask));
    }
    result.add("0");
    String soname = file.dynamicString(Elf.DT_SONAME);
    result.add("soname " + soname);
    return result;
  }

  private static List<String> readelfDynamic(String name) throws Exception {
    List<String> result = new ArrayList<>();
    String soname = "";
    for (String text : Tool.lines("readelf", "-dW", name)) {
      if (text.startsWith(" 0x")) {
        result.add(hex(text.substring(3, text.indexOf(' ', 1))));
      }
      if (text.contains("Library soname: [")) {
        soname = text.substring(text.indexOf('[') + 1, text.indexOf(']'));
      }
    }
    result.add("soname " + soname);
    return result;
  }

  private static List<String> symbols(ElfFile file) throws ElfException {
    List<String> result = new ArrayList<>();
    for (ElfSymbol s : file.dynamicSymbols().symbols()) {
      String section =
          switch (s.section()) {
            case Elf.SHN_UNDEF -> "UND";
            case Elf.SHN_ABS -> "ABS";
            default -> Integer.toString(s.section());
          };
      // readelf shows a section symbol under its section's name.
      String name =
          s.type() == Elf.STT_SECTION ? file.sections().get(s.section()).name() : s.name();
      boolean versionItself = s.section() == Elf.SHN_ABS && s.name().equals(s.version());
      if (s.version() != null && !versionItself) {
        name += (s.hidden() || !s.defined() ? "@" : "@@") + s.version();
      }
      result.add("%x %d %s %s".formatted(s.value(), s.size(), section, name));
    }
    return result;
  }

  private static List<String> readelfSymbols(String name) throws Exception {
    Pattern line =
        Pattern.compile(
            " *\\d+: ([0-9a-f]+) +(\\S+) \\S+ +\\S+ +\\S+ +(?:\\[.*\\] +)?(\\S+) ?(\\S*).*");
    List<String> result = new ArrayList<>();
    for (String text : Tool.lines("readelf", "-W", "-D", "-s", name)) {
      Matcher m = line.matcher(text);
      if (m.matches()) {
        String symbol = m.group(4);
        String size = m.group(2);
        long bytes =
            size.startsWith("0x") ? Long.parseLong(size.substring(2), 16) : Long.parseLong(size);
        result.add("%s %d %s %s".formatted(hex(m.group(1)), bytes, m.group(3), symbol));
      }
    }
    return result;
  }

  private static List<String> versions(ElfVersions versions) {
    List<String> result = new ArrayList<>();
    for (ElfVersions.Definition d : versions.definitions()) {
      result.add("defined " + d.index() + " " + d.name());
      d.parents().forEach(p -> result.add("parent " + p));
      assertThat(d.hash()).isEqualTo(Elf.sysvHash(d.name()));
    }
    for (ElfVersions.Need n : versions.needs()) {
      result.add("needed " + n.index() + " " + n.name());
      assertThat(n.hash()).isEqualTo(Elf.sysvHash(n.name()));
    }
    return result;
  }

  private static List<String> readelfVersions(String name) throws Exception {
    Pattern defined = Pattern.compile(".*Rev: 1 .* Index: (\\d+) +Cnt: \\d+ +Name: (\\S+)");
    Pattern parent = Pattern.compile(".*Parent \\d+: (\\S+)");
    Pattern needed = Pattern.compile(".*  Name: (\\S+) .* Version: (\\d+)");
    List<String> result = new ArrayList<>();
    for (String text : Tool.lines("readelf", "-VWD", name)) {
      Matcher d = defined.matcher(text);
      Matcher p = parent.matcher(text);
      Matcher n = needed.matcher(text);
      if (d.matches()) {
        result.add("defined " + d.group(1) + " " + d.group(2));
      } else if (p.matches()) {
        result.add("parent " + p.group(1));
      } else if (n.matches()) {
        result.add("needed " + n.group(2) + " " + n.group(1));
      }
    }
    return result;
  }

  private static List<String> notes(ElfFile file) throws ElfException {
    List<String> result = new ArrayList<>();
    for (ElfNote note : file.notes()) {
      result.add("%s %x".formatted(note.name(), note.description().length));
      if (note.name().equals("GNU") && note.type() == Elf.NT_GNU_BUILD_ID) {
        result.add(java.util.HexFormat.of().formatHex(note.description()));
      }
    }
    return result;
  }

  private static List<String> readelfNotes(String name) throws Exception {
    Pattern note = Pattern.compile("  (\\S+) +0x([0-9a-f]+)\t.*");
    List<String> result = new ArrayList<>();
    for (String text : Tool.lines("readelf", "-nW", name)) {
      Matcher m = note.matcher(text);
      if (m.matches()) {
        result.add(m.group(1) + " " + hex(m.group(2)));
      }
      if (text.contains("Build ID: ")) {
        result.add(text.substring(text.indexOf("Build ID: ") + 10));
      }
    }
    return result;
  }

  private static IntFunction<String> columns(ElfFile file) {
    String[] names =
        switch (file.header().machine()) {
          case Elf.EM_X86_64 ->
              "rax rdx rcx rbx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip".split(" ");
          case Elf.EM_386 -> "eax ecx edx ebx esp ebp esi edi eip".split(" ");
          default -> new String[0];
        };
    return n -> n < names.length ? names[n] : "";
  }

  /** Every instruction of every entry, by the entry's position. */
  private static Map<String, List<String>> frames(ElfFile file) throws ElfException {
    Map<String, List<String>> result = new TreeMap<>();
    FrameTable table = FrameTable.read(file);
    IntFunction<String> columns = columns(file);
    for (Cie cie : table.cies()) {
      List<String> lines = new ArrayList<>();
      lines.add("%x CIE".formatted(cie.length()));
      lines.add("Augmentation: \"" + cie.augmentation() + "\"");
      lines.add("Return address column: " + cie.returnColumn());
      lines.addAll(table.text(cie, columns));
      result.put("%08x".formatted(cie.position()), lines);
    }
    for (Fde fde : table.fdes()) {
      List<String> lines = new ArrayList<>();
      lines.add(
          "%x FDE cie=%08x pc=%x..%x"
              .formatted(
                  fde.length(), fde.cie().position(), fde.start(), fde.start() + fde.size()));
      lines.addAll(table.text(fde, columns));
      result.put("%08x".formatted(fde.position()), lines);
    }
    return result;
  }

  private static Map<String, List<String>> readelfFrames(String name) throws Exception {
    Pattern cie = Pattern.compile("([0-9a-f]{8}) ([0-9a-f]+) [0-9a-f]{8} CIE");
    Pattern fde =
        Pattern.compile(
            "([0-9a-f]{8}) ([0-9a-f]+) [0-9a-f]{8} FDE cie=(\\S+) pc=([0-9a-f]+)\\.\\.(\\S+)");
    Map<String, List<String>> result = new TreeMap<>();
    List<String> entry = new ArrayList<>();
    for (String text : Tool.lines("readelf", "--debug-dump=frames,no-follow-links", "-W", name)) {
      Matcher c = cie.matcher(text);
      Matcher f = fde.matcher(text);
      if (c.matches()) {
        entry = new ArrayList<>(List.of(hex(c.group(2)) + " CIE"));
        result.put(c.group(1), entry);
      } else if (f.matches()) {
        entry =
            new ArrayList<>(
                List.of(
                    "%s FDE cie=%s pc=%s..%s"
                        .formatted(hex(f.group(2)), f.group(3), hex(f.group(4)), hex(f.group(5)))));
        result.put(f.group(1), entry);
      } else if (text.startsWith("  DW_CFA_")) {
        entry.add(text.substring(2));
      } else if (text.startsWith("  Augmentation:") || text.startsWith("  Return address")) {
        entry.add(text.strip().replaceAll(" +", " "));
      }
    }
    return result;
  }

  /** Every row of the unwinding table, as readelf interprets the instructions. */
  private static void rowsMatch(ElfFile file, String name) throws Exception {
    FrameTable table = FrameTable.read(file);
    IntFunction<String> columns = columns(file);
    List<String> header = List.of();
    Map<String, String> expected = new TreeMap<>();
    Map<String, String> actual = new TreeMap<>();
    for (String text :
        Tool.lines("readelf", "-W", "--debug-dump=frames-interp,no-follow-links", name)) {
      List<String> cells = List.of(text.strip().split(" +"));
      if (text.contains(" CIE ") || text.contains(" FDE ")) {
        header = List.of();
      } else if (text.startsWith("   LOC ")) {
        header = cells;
      } else if (cells.size() == header.size() && cells.getFirst().matches("[0-9a-f]{8,}")) {
        long location = Long.parseUnsignedLong(cells.getFirst(), 16);
        CfaRow row = table.row(location);
        if (row != null) {
          expected.put(cells.getFirst(), String.join(" ", cells.subList(1, cells.size())));
          actual.put(cells.getFirst(), row(row, header, columns));
        }
      }
    }
    assertThat(expected).isNotEmpty();
    expected.forEach((at, row) -> assertThat(actual.get(at)).as(at).isEqualTo(row));
    // readelf leaves out rows of entries that have no instructions but advances.
    Map<String, CfaRow> spans = new TreeMap<>();
    for (Fde fde : table.fdes()) {
      for (CfaRow.Span span : table.rows(fde)) {
        String digits = expected.keySet().iterator().next().length() == 16 ? "%016x" : "%08x";
        spans.put(digits.formatted(span.start()), span.row());
        assertThat(span.row()).isEqualTo(table.row(span.start()));
      }
    }
    assertThat(spans.keySet()).containsAll(expected.keySet());
  }

  private static String row(CfaRow row, List<String> header, IntFunction<String> columns) {
    List<String> cells = new ArrayList<>();
    cells.add(
        switch (row.cfa()) {
          case CfaRow.Cfa.RegisterOffset(int column, long offset) ->
              (columns.apply(column).isEmpty() ? "r" + column : columns.apply(column))
                  + "%+d".formatted(offset);
          case CfaRow.Cfa.Expression e -> "exp";
        });
    for (String name : header.subList(2, header.size())) {
      int column = 0;
      while (!name.equals("ra")
          && !name.equals(columns.apply(column))
          && !name.equals("r" + column)) {
        column++;
      }
      if (name.equals("ra")) {
        column = row.fde().cie().returnColumn();
      }
      cells.add(
          switch (row.rules().get(column)) {
            case null -> "u";
            case CfaRow.Rule.Undefined u -> "u";
            case CfaRow.Rule.SameValue s -> "s";
            case CfaRow.Rule.Offset(long offset) -> "c%+d".formatted(offset);
            case CfaRow.Rule.ValOffset(long offset) -> "v%+d".formatted(offset);
            case CfaRow.Rule.Register(int holder) ->
                columns.apply(holder).isEmpty() ? "r" + holder : columns.apply(holder);
            case CfaRow.Rule.Expression e -> "exp";
            case CfaRow.Rule.ValExpression e -> "vexp";
          });
    }
    return String.join(" ", cells);
  }

  private static void hashTablesFindEverySymbol(ElfFile file) throws ElfException {
    SymbolTable table = file.dynamicSymbols();
    assertThat(table.hasSysvHash() || table.hasGnuHash()).isTrue();
    for (ElfSymbol s : table.symbols()) {
      if (s.defined() && s.binding() != Elf.STB_LOCAL) {
        if (table.hasSysvHash()) {
          assertThat(table.findBySysvHash(s.name(), s.version())).isNotNull();
        }
        if (table.hasGnuHash()) {
          assertThat(table.findByGnuHash(s.name(), s.version())).isNotNull();
        }
      }
    }
    assertThat(table.findBySysvHash("no such name", null)).isNull();
    assertThat(table.findByGnuHash("no such name", null)).isNull();
  }

  /** The search table leads to the same entries as reading .eh_frame from its start does. */
  private static void searchTableMatches(ElfFile file) throws ElfException {
    FrameTable table = FrameTable.read(file);
    FrameTable.SearchTable search = table.searchTable();
    assertThat(search).isNotNull();
    assertThat(search.rows()).hasSameSizeAs(table.fdes());
    for (FrameTable.SearchTable.Row row : search.rows()) {
      Fde fde = table.find(row.start());
      assertThat(fde).isNotNull();
      assertThat(table.address() + fde.position()).isEqualTo(row.fde());
      assertThat(table.row(fde.start() + fde.size() - 1)).isNotNull();
    }
  }
}
