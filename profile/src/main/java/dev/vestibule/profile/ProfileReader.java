package dev.vestibule.profile;

import dev.vestibule.profile.KernelProfile.AddressSpace;
import dev.vestibule.profile.KernelProfile.Area;
import dev.vestibule.profile.KernelProfile.Auxv;
import dev.vestibule.profile.KernelProfile.Cpu;
import dev.vestibule.profile.KernelProfile.Data;
import dev.vestibule.profile.KernelProfile.Field;
import dev.vestibule.profile.KernelProfile.Placement;
import dev.vestibule.profile.KernelProfile.Uname;
import dev.vestibule.profile.KernelProfile.Vdso;
import dev.vestibule.profile.source.Node;
import dev.vestibule.profile.source.TableReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How does a merged tree become a {@link KernelProfile}? Field names are those of the files. */
final class ProfileReader {
  private static final int MAX_PAGES = 16;
  private static final int LONGEST_NAME = 255;
  private static final int CLOCKS = 12;
  private static final String IMAGE = "image";
  private static final long TOP = 1L << 56;

  private final TableReader root;

  private ProfileReader(TableReader root) {
    this.root = root;
  }

  static KernelProfile read(String name, Node.Table tree) throws ProfileException {
    return new ProfileReader(new TableReader(tree, "")).profile(name);
  }

  private KernelProfile profile(String name) throws ProfileException {
    String description = root.text("description");
    String id = root.text("architecture");
    Architecture architecture = Architecture.of(id);
    if (architecture == null) {
      throw root.wrong("architecture", "unknown architecture " + id);
    }
    int bits = root.small("kernel-bits", 32, 64);
    if (bits % 32 != 0 || bits < 8 * architecture.wordBytes()) {
      throw root.wrong("kernel-bits", "must be 64, or 32 for a 32-bit architecture");
    }
    AddressSpace memory = memory(architecture);
    KernelProfile.Syscalls syscalls = syscalls();
    Data data = data(memory.pageSize(), syscalls.count());
    Vdso vdso = vdso();
    KernelProfile profile =
        new KernelProfile(
            name,
            description,
            architecture,
            bits,
            uname(),
            cpu(),
            memory,
            auxv(),
            vdso,
            data,
            areas(vdso, data),
            placement(memory),
            mapping(),
            signals(),
            syscalls,
            time(),
            rseq());
    root.end();
    return profile;
  }

  private Uname uname() throws ProfileException {
    TableReader t = root.table("uname");
    String release = t.text("release");
    String linux = t.textOrNull("linux");
    Version version = Version.parse(linux == null ? release : linux);
    if (version == null) {
      throw t.wrong(linux == null ? "release" : "linux", "must begin like 6.1 or 2.6.12");
    }
    Uname uname =
        new Uname(t.text("sysname"), release, t.text("version"), t.text("machine"), version);
    t.end();
    return uname;
  }

  private Cpu cpu() throws ProfileException {
    TableReader t = root.table("cpu");
    int most = t.small("most", 1, 8192);
    Cpu cpu =
        new Cpu(
            (int) t.number("version", 0, 0xffff_ffffL),
            most,
            Math.min(most, Runtime.getRuntime().availableProcessors()),
            t.number("timebase-hz", 1_000_000, 4_000_000_000L),
            t.text("cpuinfo"),
            t.text("cpuinfo-tail"));
    t.end();
    return cpu;
  }

  private AddressSpace memory(Architecture architecture) throws ProfileException {
    TableReader t = root.table("memory");
    long most = architecture.is64() ? TOP : 1L << 32;
    int page = (int) t.powerOfTwo("page-size", 4096, 65536);
    AddressSpace memory =
        new AddressSpace(
            page,
            t.number("task-size", 1 << 24, most),
            t.number("stack-top", 1 << 24, most),
            t.number("stack-random", 0, most),
            t.choice("search", KernelProfile.Search.values()),
            t.number("bottom", 0, most),
            t.number("min-gap", 0, most),
            t.small("mmap-random-bits", 0, 40),
            t.number("min-address", 0, 1 << 24),
            t.number("pie-base", 0, most),
            t.number("brk-random", 0, most));
    if (memory.stackTop() > memory.taskSize()) {
      throw t.wrongPair("stack-top", "task-size", "does not go with %s: stacks end within tasks");
    }
    t.end();
    return memory;
  }

  private Auxv auxv() throws ProfileException {
    TableReader t = root.table("auxv");
    List<AuxType> order = new ArrayList<>();
    for (String name : t.texts("order")) {
      order.add(auxType(t, "order", name));
    }
    for (String name : t.has("without") ? t.texts("without") : List.<String>of()) {
      AuxType type = auxType(t, "without", name);
      order.removeIf(type::equals);
    }
    TableReader values = t.table("values");
    Map<AuxType, Long> numbers = new EnumMap<>(AuxType.class);
    for (String name : values.keys()) {
      AuxType type = auxType(values, name, name);
      boolean block = type == AuxType.AT_DCACHEBSIZE || type == AuxType.AT_ICACHEBSIZE;
      numbers.put(type, block ? values.powerOfTwo(name, 16, 4096) : values.number(name));
    }
    Auxv auxv =
        new Auxv(
            List.copyOf(order),
            Collections.unmodifiableMap(numbers),
            t.textOrNull("platform"),
            t.textOrNull("base-platform"),
            t.flag("ehdr-without-vdso"));
    t.end();
    return auxv;
  }

  private static AuxType auxType(TableReader t, String key, String name) throws ProfileException {
    AuxType type = AuxType.of(name);
    if (type == null) {
      throw t.wrong(key, "unknown entry " + name);
    }
    return type;
  }

  private Vdso vdso() throws ProfileException {
    TableReader t = root.table("vdso");
    List<String> notes = t.texts("notes");
    for (String note : notes) {
      if (!List.of("linux", "salt", "build-id").contains(note)) {
        throw t.wrong("notes", "unknown note " + note + "; there are linux, salt, build-id");
      }
    }
    Vdso vdso =
        new Vdso(
            t.flag("present"),
            name(t, "soname"),
            name(t, "version"),
            t.number("link-base", 0, TOP),
            (int) t.powerOfTwo("segment-alignment", 16, 1 << 20),
            t.choice("hash", KernelProfile.HashStyle.values()),
            t.small("elf-flags", 0, Integer.MAX_VALUE),
            t.texts("sections"),
            t.choices("segments", KernelProfile.Segment.values()),
            notes,
            t.text("salt"),
            t.flag("section-headers"),
            t.flag("symbol-types"),
            t.choice("trampoline-start", KernelProfile.TrampolineStart.values()),
            t.flag("signal-frames"),
            t.choice("conditions", KernelProfile.Conditions.values()),
            Map.copyOf(t.textTable("rewrite")),
            t.choices("features", KernelProfile.Feature.values()),
            t.texts("without"));
    t.end();
    return vdso;
  }

  /** A name in the image's string table. */
  private static String name(TableReader t, String key) throws ProfileException {
    String name = t.text(key);
    if (name.isEmpty() || name.length() > LONGEST_NAME || !name.matches("[!-~]+")) {
      throw t.wrong(key, "must have 1 to " + LONGEST_NAME + " printable ASCII characters");
    }
    return name;
  }

  private Data data(int pageSize, int syscalls) throws ProfileException {
    TableReader t = root.table("data");
    List<String> pages = t.texts("pages");
    if (pages.size() > MAX_PAGES) {
      throw t.wrong("pages", "more than " + MAX_PAGES + " pages");
    }
    TableReader list = t.table("fields");
    Map<String, Field> fields = new HashMap<>();
    for (String name : list.inheritedFirst()) {
      if (!list.text(name).equals("none")) {
        Field field = field(list, name, pageSize);
        if (!pages.contains(field.page())) {
          throw list.wrong(name, "data.pages has no page " + field.page());
        }
        int end = field.offset() + field.bytes() * elements(name, syscalls);
        if (end > pageSize) {
          throw list.wrong(name, "reaches beyond the page");
        }
        for (Map.Entry<String, Field> other : fields.entrySet()) {
          Field theirs = other.getValue();
          int theirEnd = theirs.offset() + theirs.bytes() * elements(other.getKey(), syscalls);
          if (theirs.page().equals(field.page())
              && theirs.offset() < end
              && field.offset() < theirEnd) {
            throw list.wrong(name, "overlaps " + other.getKey());
          }
        }
        fields.put(name, field);
      }
    }
    Data data =
        new Data(
            t.choice("form", KernelProfile.TimeForm.values()),
            t.choice("reach", KernelProfile.Reach.values()),
            pages,
            Map.copyOf(fields));
    t.end();
    return data;
  }

  /** How many elements a field has that is an array. */
  private static int elements(String field, int syscalls) {
    return switch (field) {
      case "eye_catcher" -> 16;
      case "basetime", "raw_basetime" -> 2 * CLOCKS;
      case "syscall_map", "compat_syscall_map", "syscall_map_64", "syscall_map_32" ->
          (syscalls + 31) / 32;
      default -> 1;
    };
  }

  /** A field is written as {@code "u64 @ 0x30"}, or {@code "u64 @ 0x30 in arch"}. */
  private static Field field(TableReader t, String name, int pageSize) throws ProfileException {
    String text = t.text(name);
    int at = text.indexOf(" @ ");
    int in = text.indexOf(" in ");
    String page = in < 0 ? KernelProfile.DATA_PAGE : text.substring(in + 4);
    String place = in < 0 ? text : text.substring(0, in);
    int bytes =
        switch (at < 0 ? "" : text.substring(0, at)) {
          case "u8" -> 1;
          case "u16" -> 2;
          case "u32" -> 4;
          case "u64" -> 8;
          default -> 0;
        };
    int offset = -1;
    if (bytes > 0) {
      try {
        offset = at + 3 > place.length() ? -1 : Integer.decode(place.substring(at + 3));
      } catch (NumberFormatException e) {
        offset = -1;
      }
    }
    if (offset < 0) {
      throw t.wrong(name, "must look like \"u64 @ 0x30\", not \"" + text + "\"");
    }
    if (offset % bytes != 0 || offset + bytes > pageSize) {
      throw t.wrong(name, "does not lie within the page, aligned to its size");
    }
    return new Field(page, offset, bytes);
  }

  private List<Area> areas(Vdso vdso, Data data) throws ProfileException {
    List<Area> areas = new ArrayList<>();
    List<String> parts = new ArrayList<>();
    for (TableReader t : root.tables("areas")) {
      String permissions = t.text("permissions");
      if (!permissions.equals("r--p") && !permissions.equals("r-xp")) {
        throw t.wrong("permissions", "must be r--p or r-xp");
      }
      List<String> holds = t.texts("holds");
      for (String part : holds) {
        if (!part.equals(IMAGE) && !data.pages().contains(part)) {
          throw t.wrong("holds", part + " is neither image nor one of data.pages");
        }
      }
      parts.addAll(holds);
      areas.add(new Area(t.text("name"), permissions, holds, t.texts("flags")));
      t.end();
    }
    if (areas.size() > MAX_PAGES) {
      throw root.wrong("areas", "more than " + MAX_PAGES + " areas");
    }
    if (vdso.present()) {
      // The distance between code and data is part of the image.
      List<String> order = new ArrayList<>(data.pages());
      order.add(data.reach() == KernelProfile.Reach.LINKED ? order.size() : 0, IMAGE);
      if (!parts.equals(order)) {
        throw root.wrong("areas", "must hold in this order: " + String.join(", ", order));
      }
    }
    return List.copyOf(areas);
  }

  private Placement placement(AddressSpace memory) throws ProfileException {
    TableReader t = root.table("placement");
    Placement placement =
        new Placement(
            t.number("hint", 0, memory.taskSize() - 1),
            (int) t.powerOfTwo("alignment", memory.pageSize(), 1 << 24),
            t.flag("reserves-last-page"));
    t.end();
    return placement;
  }

  private KernelProfile.Mapping mapping() throws ProfileException {
    TableReader t = root.table("mapping");
    KernelProfile.Mapping mapping =
        new KernelProfile.Mapping(
            t.choice("names", KernelProfile.Naming.values()),
            t.flag("splits"),
            t.choice("replace-error", KernelProfile.ReplaceError.values()),
            t.choice("on-move", KernelProfile.OnMove.values()),
            t.choice("on-unmap", KernelProfile.OnUnmap.values()),
            t.choice("dump", KernelProfile.Dump.values()));
    t.end();
    return mapping;
  }

  private KernelProfile.Signals signals() throws ProfileException {
    TableReader t = root.table("signals");
    KernelProfile.Signals signals = new KernelProfile.Signals(t.small("red-zone", 0, 4096));
    t.end();
    return signals;
  }

  private KernelProfile.Syscalls syscalls() throws ProfileException {
    TableReader t = root.table("syscalls");
    KernelProfile.Syscalls syscalls =
        new KernelProfile.Syscalls(
            t.text("table"), t.small("count", 1, 4096), t.texts("with"), t.texts("without"));
    t.end();
    return syscalls;
  }

  private KernelProfile.Time time() throws ProfileException {
    TableReader t = root.table("time");
    KernelProfile.Time time =
        new KernelProfile.Time(
            t.number("resolution-nanos", 1, 1_000_000_000),
            t.number("coarse-nanos", 1, 1_000_000_000));
    t.end();
    return time;
  }

  private KernelProfile.Rseq rseq() throws ProfileException {
    TableReader t = root.table("rseq");
    KernelProfile.Rseq rseq =
        new KernelProfile.Rseq(
            t.flag("present"),
            t.small("feature-size", 0, 4096),
            t.small("alignment", 0, 4096),
            t.flag("obeys-flags"),
            t.flag("clears-descriptor"),
            t.flag("ends-with-threads"));
    t.end();
    return rseq;
  }
}
