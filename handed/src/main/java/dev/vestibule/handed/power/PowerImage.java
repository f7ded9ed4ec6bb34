package dev.vestibule.handed.power;

import dev.vestibule.cpu.power.Assembler;
import dev.vestibule.elf.DynamicTable;
import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.ElfNote;
import dev.vestibule.elf.ElfSymbol;
import dev.vestibule.elf.ImageLayout;
import dev.vestibule.elf.SectionSpec;
import dev.vestibule.elf.SharedObject;
import dev.vestibule.elf.SharedObjectBuilder;
import dev.vestibule.elf.SymbolSpec;
import dev.vestibule.elf.cfi.CallFrameWriter;
import dev.vestibule.elf.cfi.CieSpec;
import dev.vestibule.elf.cfi.FrameSectionWriter;
import dev.vestibule.elf.cfi.PointerEncoding;
import dev.vestibule.handed.VdsoImage;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.KernelProfile.Feature;
import dev.vestibule.profile.KernelProfile.Reach;
import dev.vestibule.profile.Version;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** How is the vDSO image of a Power kernel built from the symbol entries? */
public final class PowerImage {
  private static final String DATAPAGE_OFFSET = "__kernel_datapage_offset";
  private static final String SYNC_DICACHE = "__kernel_sync_dicache";
  private static final Pattern SIGNED_LOAD = Pattern.compile("\\{signed (\\w+)\\}");

  /** CPU_FTR_COHERENT_ICACHE. */
  private static final long COHERENT_ICACHE = 1;

  private static final int LINK_COLUMN = 65;
  private static final int LINK_KEEPER = 12;

  private final KernelProfile profile;
  private final boolean is64;
  private final ByteOrder order;
  private final int word;
  private final List<VdsoSymbol> symbols = new ArrayList<>();

  public PowerImage(KernelProfile profile) {
    this.profile = profile;
    is64 = profile.architecture().is64();
    order = profile.architecture().order();
    word = profile.architecture().wordBytes();
    for (VdsoSymbol symbol : all()) {
      if (symbol.belongsTo(profile)) {
        symbols.add(symbol);
      }
    }
  }

  /** Every entry, in the order in which they lie in an image. */
  static List<VdsoSymbol> all() {
    List<VdsoSymbol> all = new ArrayList<>(Common.trampolines());
    all.addAll(XsecTime.symbols());
    all.addAll(StampTime.symbols());
    all.addAll(StampTime.resolutions());
    all.addAll(GenericTime.symbols());
    all.addAll(XsecTime.others());
    all.addAll(GenericTime.others());
    all.addAll(Common.processors());
    all.addAll(Common.caches());
    all.addAll(RandomNumbers.symbols());
    return all;
  }

  /** The entries of this image. */
  List<VdsoSymbol> symbols() {
    return List.copyOf(symbols);
  }

  /** A symbol that the profile rewrites although the image has none of this name, or null. */
  public @Nullable String unknownSymbol() {
    for (Map.Entry<String, String> entry : profile.vdso().rewrite().entrySet()) {
      for (String name : List.of(entry.getKey(), entry.getValue())) {
        if (!name.isEmpty() && symbols.stream().noneMatch(s -> s.name().equals(name))) {
          return name;
        }
      }
    }
    return null;
  }

  /** Builds the image; the same profile gives the same bytes. */
  public VdsoImage build() {
    // The data page may follow the file, whose size does not depend on the distance to it.
    long base = profile.vdso().linkBase();
    int size = link(base).bytes().length;
    int page = profile.memory().pageSize();
    int pages = (size + page - 1) / page;
    long dataPages =
        hasOffsetWord()
            ? base + (long) pages * page
            : base - (long) profile.data().pages().size() * page;
    SharedObject file = link(dataPages);
    byte[] bytes = Arrays.copyOf(file.bytes(), pages * page);
    removeNames(bytes);
    return new VdsoImage(bytes, size, functions(file.layout()), trampolines(file.layout()));
  }

  private Map<String, Integer> functions(ImageLayout layout) {
    Map<String, Integer> functions = new HashMap<>();
    for (VdsoSymbol symbol : symbols) {
      if (!isRemoved(symbol)) {
        functions.put(symbol.name(), offset(layout, symbol.name()));
      }
    }
    return functions;
  }

  private VdsoImage.Trampolines trampolines(ImageLayout layout) {
    return new VdsoImage.Trampolines(
        offset(layout, "__kernel_sigtramp32"),
        offset(layout, is64 ? "__kernel_sigtramp_rt64" : "__kernel_sigtramp_rt32"),
        offset(layout, "__kernel_start_sigtramp_rt64"));
  }

  private static int offset(ImageLayout layout, String symbol) {
    Long address = layout.symbols().get(symbol);
    return address == null ? -1 : (int) (address - layout.linkBase());
  }

  private String source() {
    StringBuilder source = new StringBuilder();
    for (VdsoSymbol symbol : symbols) {
      String code = forThisKernel(symbol.code().replace("{name}", symbol.name()));
      if (symbol.frame() == VdsoSymbol.Frame.SIGNAL
          || symbol.frame() == VdsoSymbol.Frame.SIGNAL_RT) {
        source.append(code);
      } else {
        source.append(symbol.name()).append(":\n").append(code);
        source.append(symbol.name()).append("$end:\n");
      }
      source.append(".balign 4\n");
    }
    if (hasOffsetWord()) {
      source.append(DATAPAGE_OFFSET).append(": .long data_page - .\n");
    }
    return source.toString();
  }

  /** What depends on the width of a field or on the processor. */
  private String forThisKernel(String code) {
    boolean coherent = profile.vdso().features().contains(Feature.COHERENT_ICACHE);
    String text = code.replace("{branch if coherent-icache}", coherent ? "b 6f" : "nop");
    boolean big = order == ByteOrder.BIG_ENDIAN;
    text = text.replace("{load le}", big ? "lwbrx" : "lwzx");
    text = text.replace("{store le}", big ? "stwbrx" : "stwx");
    Matcher load = SIGNED_LOAD.matcher(text);
    return load.replaceAll(match -> bytes(match.group(1)) == 8 ? "ld" : "lwa");
  }

  private int bytes(String field) {
    KernelProfile.Field found = profile.data().field(field);
    return found == null ? 0 : found.bytes();
  }

  private boolean hasOffsetWord() {
    return profile.data().reach() == Reach.OFFSET_WORD;
  }

  private Assembler.Code assemble(long address, long dataPages) {
    Assembler assembler = new Assembler(order == ByteOrder.BIG_ENDIAN);
    profile
        .data()
        .fields()
        .forEach((name, field) -> {
          assembler.define(name, field.offset());
          boolean high = order == ByteOrder.BIG_ENDIAN && field.bytes() == 8;
          assembler.define(name + "_low", field.offset() + (high ? 4 : 0));
        });
    KernelProfile.Field map =
        profile.data().field(profile.compat() ? "compat_syscall_map" : "syscall_map");
    if (map != null) {
      assembler.define("syscall_map_here", map.offset());
    }
    return assembler
        .define("data_page", page("seq", dataPages))
        .define("arch_page", page("tb_ticks_per_sec", dataPages))
        .define("rng_page", page("rng_generation", dataPages))
        .define("PAGE_SIZE", profile.memory().pageSize())
        .define("NR", profile.syscalls().count())
        .define("RESOLUTION", profile.time().resolutionNanos())
        .define("COARSE", profile.time().coarseNanos())
        .assemble(source(), address);
  }

  /** The address of the page that has a field; of the first one if none has it. */
  private long page(String field, long dataPages) {
    KernelProfile.Field found = profile.data().field(field);
    int index = found == null ? 0 : profile.data().pages().indexOf(found.page());
    return dataPages + (long) index * profile.memory().pageSize();
  }

  private SharedObject link(long dataPages) {
    KernelProfile.Vdso vdso = profile.vdso();
    Assembler.Code draft = assemble(0, 0);
    SharedObjectBuilder image =
        new SharedObjectBuilder(is64, order, profile.architecture().machine())
            .flags(vdso.elfFlags())
            .soname(vdso.soname())
            .linkBase(vdso.linkBase())
            .segmentAlignment(vdso.segmentAlignment())
            .hashStyle(SharedObjectBuilder.HashStyle.valueOf(vdso.hash().name()))
            .sectionHeaders(vdso.sectionHeaders())
            .version(vdso.version())
            .order(vdso.sections())
            .segments(vdso.segments().stream().map(PowerImage::segment).toList())
            .section(
                SectionSpec.code(
                    ".text",
                    16,
                    draft.bytes().length,
                    layout -> assemble(layout.address(".text"), dataPages).bytes()))
            .frames(frames(draft));
    if (draft.labels().containsKey(SYNC_DICACHE + "$fixup")) {
      image.section(fixups(draft));
    }
    for (String note : vdso.notes()) {
      switch (note) {
        case "linux" -> image.note(ElfNote.linuxVersion(profile.uname().linux().code(), order));
        case "salt" -> image.note(ElfNote.buildSalt(vdso.salt()));
        default -> image.derivedBuildId();
      }
    }
    for (VdsoSymbol symbol : symbols) {
      VdsoSymbol place = placeOf(symbol);
      int begin = draft.offset(place.name());
      image.symbol(global(symbol.name(), begin, draft.offset(place.name() + "$end") - begin));
    }
    if (hasOffsetWord()) {
      image.symbol(global(DATAPAGE_OFFSET, draft.offset(DATAPAGE_OFFSET), 0).typed(Elf.STT_NOTYPE));
    }
    for (String start : new TreeSet<>(draft.labels().keySet())) {
      if (start.startsWith("__kernel_start_")) {
        image.symbol(start(start, draft.offset(start)));
      }
    }
    return image.build();
  }

  private static int segment(KernelProfile.Segment segment) {
    return switch (segment) {
      case DYNAMIC -> Elf.PT_DYNAMIC;
      case NOTE -> Elf.PT_NOTE;
      case EH_FRAME -> Elf.PT_GNU_EH_FRAME;
    };
  }

  /**
   * The list of what the kernel patches at boot: the instructions between two labels become nops
   * unless {@code features & mask == value}. Offsets count from the entry; there is nothing to put
   * in their place, so the replacement is an empty one behind the code.
   */
  private SectionSpec fixups(Assembler.Code code) {
    int[] places = {
      code.offset(SYNC_DICACHE + "$fixup"),
      code.offset(SYNC_DICACHE + "$fixed"),
      code.bytes().length,
      code.bytes().length
    };
    int size = 6 * word;
    return new SectionSpec(
        "__ftr_fixup",
        Elf.SHF_ALLOC,
        8,
        size,
        layout -> {
          ByteBuffer out = ByteBuffer.allocate(size).order(order);
          putWord(out, COHERENT_ICACHE);
          putWord(out, COHERENT_ICACHE);
          for (int place : places) {
            putWord(out, layout.address(".text") + place - layout.address("__ftr_fixup"));
          }
          return out.array();
        });
  }

  private void putWord(ByteBuffer out, long value) {
    if (is64) {
      out.putLong(value);
    } else {
      out.putInt((int) value);
    }
  }

  private boolean isRemoved(VdsoSymbol symbol) {
    return "".equals(profile.vdso().rewrite().get(symbol.name()));
  }

  /** Names that the kernel takes away: the entry of the symbol table remains, without a name. */
  private void removeNames(byte[] image) {
    if (!profile.vdso().rewrite().containsValue("")) {
      return;
    }
    try {
      ElfFile file = ElfFile.read(image, profile.name());
      ByteBuffer bytes = ByteBuffer.wrap(image).order(order);
      DynamicTable table = file.dynamic();
      long at = Objects.requireNonNull(table.value(Elf.DT_SYMTAB)) - profile.vdso().linkBase();
      for (ElfSymbol symbol : file.dynamicSymbols().symbols()) {
        if ("".equals(profile.vdso().rewrite().get(symbol.name()))) {
          bytes.putInt((int) at, 0);
        }
        at += Elf.symbolSize(is64);
      }
    } catch (ElfException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Linux 5.10 alone exported it. */
  private SymbolSpec start(String name, int offset) {
    Version kernel = profile.uname().linux();
    return kernel.atLeast(VdsoSymbol.release("5.11"))
        ? SymbolSpec.local(name, ".text", offset, 0, Elf.STT_NOTYPE)
        : global(name, offset, 0);
  }

  private SymbolSpec global(String name, int offset, int size) {
    SymbolSpec symbol = SymbolSpec.function(name, profile.vdso().version(), ".text", offset, size);
    return profile.vdso().symbolTypes() ? symbol : symbol.typed(Elf.STT_NOTYPE);
  }

  /** The entry whose code a symbol names, after the kernel has rewritten its symbol table. */
  private VdsoSymbol placeOf(VdsoSymbol symbol) {
    String name = profile.vdso().rewrite().getOrDefault(symbol.name(), symbol.name());
    for (VdsoSymbol candidate : symbols) {
      if (candidate.name().equals(name)) {
        return candidate;
      }
    }
    return symbol;
  }

  private FrameSectionWriter frames(Assembler.Code code) {
    FrameSectionWriter writer = new FrameSectionWriter(is64, order, false);
    SignalFrames signals = new SignalFrames(profile);
    CieSpec signalCie = signals.cie();
    CieSpec plainCie =
        new CieSpec(
            "zR",
            4,
            -word,
            LINK_COLUMN,
            PointerEncoding.PCREL | PointerEncoding.SDATA4,
            word,
            new CallFrameWriter(order, 4, -word).defCfa(1, 0).toByteArray());
    for (VdsoSymbol symbol : symbols) {
      String name = symbol.name();
      switch (symbol.frame()) {
        case SIGNAL, SIGNAL_RT ->
            writer.fde(
                signalCie,
                range(code, name + "$start", name + "$end"),
                signals.program(signalCie, symbol.frame() == VdsoSymbol.Frame.SIGNAL_RT));
        case LEAF -> writer.fde(plainCie, range(code, name, name + "$end"), new byte[0]);
        case STACK ->
            writer.fde(plainCie, range(code, name, name + "$end"), framed(code, name, plainCie));
        case LINK_IN_R12 ->
            writer.fde(plainCie, range(code, name, name + "$end"), linkKept(code, name, plainCie));
      }
    }
    return writer;
  }

  private static FrameSectionWriter.Code range(Assembler.Code code, String begin, String end) {
    int offset = code.offset(begin);
    return new FrameSectionWriter.Code(".text", offset, code.offset(end) - offset);
  }

  private byte[] framed(Assembler.Code code, String name, CieSpec cie) {
    int frame = RandomNumbers.frame(word);
    CallFrameWriter out =
        CallFrameWriter.forCie(order, cie)
            .advance(code.offset(name + "$kept") - code.offset(name))
            .register(LINK_COLUMN, LINK_KEEPER)
            .advance(code.offset(name + "$back") - code.offset(name + "$kept"))
            .restore(LINK_COLUMN)
            .advance(code.offset(name + "$framed") - code.offset(name + "$back"))
            .defCfaOffset(frame)
            .advance(code.offset(name + "$saved") - code.offset(name + "$framed"))
            .offset(LINK_COLUMN, RandomNumbers.link(word));
    RandomNumbers.savedRegisters()
        .forEach(r -> out.offset(r, RandomNumbers.saved(r, word) - (long) frame));
    out.rememberState()
        .advance(code.offset(name + "$restored") - code.offset(name + "$saved"))
        .defCfaOffset(0)
        .restore(LINK_COLUMN);
    RandomNumbers.savedRegisters().forEach(out::restore);
    return out.advance(code.offset(name + "$cipher") - code.offset(name + "$restored"))
        .restoreState()
        .toByteArray();
  }

  private byte[] linkKept(Assembler.Code code, String name, CieSpec cie) {
    int begin = code.offset(name);
    int kept = code.offset(name + "$kept");
    return CallFrameWriter.forCie(order, cie)
        .advance(kept - begin)
        .register(LINK_COLUMN, LINK_KEEPER)
        .advance(code.offset(name + "$back") - kept)
        .restore(LINK_COLUMN)
        .toByteArray();
  }
}
