package dev.vestibule.profile;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What can a program observe of one kernel era on one architecture? Immutable; loaded by {@link
 * Profiles}.
 *
 * @param kernelBits word size of the kernel, which differs from the program's for compat tasks
 */
public record KernelProfile(
    String name,
    String description,
    Architecture architecture,
    int kernelBits,
    Uname uname,
    Cpu cpu,
    AddressSpace memory,
    Auxv auxv,
    Vdso vdso,
    Data data,
    List<Area> areas,
    Placement placement,
    Mapping mapping,
    Signals signals,
    Syscalls syscalls,
    Time time,
    Rseq rseq) {

  /** The same kernel whose uname(2) says another release; nothing else changes. */
  public KernelProfile withRelease(String release) {
    Uname said =
        new Uname(uname.sysname(), release, uname.version(), uname.machine(), uname.linux());
    return with(said, cpu, auxv, syscalls, rseq);
  }

  /** The same kernel on a machine with so many processors, as far as it can use them. */
  public KernelProfile withProcessors(int count) {
    Cpu more =
        new Cpu(
            cpu.version(),
            cpu.most(),
            Math.min(cpu.most(), count),
            cpu.timebaseHz(),
            cpu.cpuinfo(),
            cpu.cpuinfoTail());
    return with(uname, more, auxv, syscalls, rseq);
  }

  /** The same kernel configured without CONFIG_RSEQ. */
  public KernelProfile withoutRseq() {
    List<AuxType> order =
        auxv.order().stream()
            .filter(type -> type != AuxType.AT_RSEQ_FEATURE_SIZE && type != AuxType.AT_RSEQ_ALIGN)
            .toList();
    Auxv fewer =
        new Auxv(
            order, auxv.values(), auxv.platform(), auxv.basePlatform(), auxv.ehdrWithoutVdso());
    List<String> without = new ArrayList<>(syscalls.without());
    without.add("rseq");
    List<String> with = syscalls.with().stream().filter(call -> !call.equals("rseq")).toList();
    Syscalls calls = new Syscalls(syscalls.table(), syscalls.count(), with, without);
    Rseq none = new Rseq(false, 0, rseq.alignment(), false, false, rseq.endsWithThreads());
    return with(uname, cpu, fewer, calls, none);
  }

  /** The same kernel on a processor whose time base runs at another frequency. */
  public KernelProfile withTimebaseHz(long hz) {
    if (hz == cpu.timebaseHz()) {
      return this;
    }
    Cpu other =
        new Cpu(cpu.version(), cpu.most(), cpu.processors(), hz, cpu.cpuinfo(), cpu.cpuinfoTail());
    return with(uname, other, auxv, syscalls, rseq);
  }

  private KernelProfile with(
      Uname said, Cpu processor, Auxv vector, Syscalls calls, Rseq sequences) {
    return new KernelProfile(
        name,
        description,
        architecture,
        kernelBits,
        said,
        processor,
        memory,
        vector,
        vdso,
        data,
        areas,
        placement,
        mapping,
        signals,
        calls,
        time,
        sequences);
  }

  /** Whether a 32-bit program runs on a 64-bit kernel. */
  public boolean compat() {
    return kernelBits > 8 * architecture.wordBytes();
  }

  /**
   * What uname(2) says.
   *
   * @param linux the release as a number, also in the vDSO's Linux note
   */
  public record Uname(
      String sysname, String release, String version, String machine, Version linux) {}

  /**
   * The processor as this kernel presents it.
   *
   * @param version PVR
   * @param most how many processors this kernel can use
   * @param processors how many the machine has that this kernel can use
   * @param timebaseHz frequency of the time base register
   * @param cpuinfo text of /proc/cpuinfo for one processor, {@code {n}} standing for its number
   * @param cpuinfoTail text after the last processor
   */
  public record Cpu(
      int version, int most, int processors, long timebaseHz, String cpuinfo, String cpuinfoTail) {
    /** The text of /proc/cpuinfo for a number of processors. */
    public String cpuinfo(int processors) {
      StringBuilder text = new StringBuilder();
      for (int n = 0; n < processors; n++) {
        text.append(cpuinfo.replace("{n}", Integer.toString(n)));
      }
      return text.append(cpuinfoTail).toString();
    }
  }

  /** In which direction mmap(2) looks for room. */
  public enum Search {
    BOTTOM_UP,
    TOP_DOWN
  }

  /**
   * The address space of a process. Sizes and addresses in bytes.
   *
   * @param taskSize first address beyond it
   * @param stackTop where the stack begins, before randomisation
   * @param stackRandom size of the range the stack's begin is drawn from; a power of two, or 0
   * @param bottom where a bottom-up search begins
   * @param minGap least distance of a top-down search's begin from taskSize
   * @param mmapRandomBits number of random bits in the begin of a search, in pages
   * @param minAddress vm.mmap_min_addr
   * @param pieBase where position-independent programs go
   * @param brkRandom size of the range the heap's begin is drawn from; 0 if it follows the program
   */
  public record AddressSpace(
      int pageSize,
      long taskSize,
      long stackTop,
      long stackRandom,
      Search search,
      long bottom,
      long minGap,
      int mmapRandomBits,
      long minAddress,
      long pieBase,
      long brkRandom) {
    private static final long STACK_GUARD = 256;

    /**
     * Where the search for room begins.
     *
     * @param stackLimit soft RLIMIT_STACK in bytes, negative for unlimited
     * @param random any number; reduced to mmapRandomBits
     */
    public long searchFrom(long stackLimit, long random) {
      if (search == Search.BOTTOM_UP || stackLimit < 0) {
        return bottom;
      }
      long pages = mmapRandomBits == 0 ? 0 : random & (1L << mmapRandomBits) - 1;
      long pad = stackRandom == 0 ? 0 : stackRandom + STACK_GUARD * pageSize;
      long gap = Math.min(Math.max(stackLimit + pad, minGap), taskSize / 6 * 5);
      return taskSize - gap - pages * pageSize & -pageSize;
    }

    /** The same layout in a smaller address space, for machines that cannot provide this one. */
    public AddressSpace within(long limit) {
      if (taskSize <= limit) {
        return this;
      }
      int bits = mmapRandomBits;
      while (bits > 0 && (pageSize * 8L << bits) > limit) {
        bits--;
      }
      long heap = brkRandom;
      while (heap * 64 > limit) {
        heap >>= 1;
      }
      return new AddressSpace(
          pageSize,
          limit,
          limit,
          Math.min(stackRandom, Long.highestOneBit(limit / 64)),
          search,
          bottom < limit ? bottom : limit / 4 & -pageSize,
          minGap,
          bits,
          minAddress,
          pieBase < limit / 2 ? pieBase : limit / 4 & -0x10000L,
          heap);
    }
  }

  /**
   * The auxiliary vector.
   *
   * @param order types in the order they are written, without AT_NULL; repeats are meant
   * @param values the entries that are the same for every program
   * @param platform AT_PLATFORM, or null if this kernel has none
   * @param ehdrWithoutVdso whether AT_SYSINFO_EHDR is present, as 0, where there is no vDSO
   */
  public record Auxv(
      List<AuxType> order,
      Map<AuxType, Long> values,
      @Nullable String platform,
      @Nullable String basePlatform,
      boolean ehdrWithoutVdso) {}

  /** Which hash tables an image has. */
  public enum HashStyle {
    SYSV,
    GNU,
    BOTH
  }

  /**
   * What is in front of the signal trampoline, in the image covered by its call-frame data. Without
   * an image the trampoline on the stack begins in the same way.
   */
  public enum TrampolineStart {
    /** A nop, so that an unwinder's pc-1 is covered; the handler returns to the trampoline. */
    NOP,
    /**
     * The branch by which the kernel enters the handler (64-bit, Linux 5.9 and later), which has a
     * symbol of its own since 5.11 and the 5.10 of distributions; before, {@code
     * __kernel_sigtramp_rt64} was the branch itself.
     */
    BRANCH
  }

  /** How the trampolines' call-frame data restores the condition register. */
  public enum Conditions {
    /** Column CR2 alone, read from the begin of the saved register (2.6.12, 2.6.18). */
    CR2_DOUBLEWORD,
    /** Column CR2 alone, from the saved register's low word (2.6.32, 3.10). */
    CR2,
    /** All eight columns, from the low word. */
    ALL
  }

  /** A program header of the image beside PT_LOAD. */
  public enum Segment {
    DYNAMIC,
    NOTE,
    EH_FRAME
  }

  /** What a processor can do that decides on the code of an image. */
  public enum Feature {
    /** Instruction caches see stores: nothing is to be done for new code but to wait. */
    COHERENT_ICACHE
  }

  /**
   * The vDSO image.
   *
   * @param present false if this kernel has none
   * @param version the version node of every symbol
   * @param linkBase p_vaddr of its first byte
   * @param sections their order in the file
   * @param segments order of the program headers after PT_LOAD
   * @param notes in file order: {@code linux}, {@code salt}, {@code build-id}
   * @param salt text of the salt note
   * @param symbolTypes whether functions are STT_FUNC, otherwise STT_NOTYPE
   * @param signalFrames whether trampolines' CIE has the S mark
   * @param conditions how call-frame data of trampolines restores the condition register
   * @param rewrite symbol -> the symbol whose place it takes on this processor, or empty if the
   *     kernel takes its name away; done in the dynamic symbol table at boot (to Linux 5.10)
   * @param features of this processor, by which the kernel patches code at boot (since 5.11)
   * @param without symbols left out although their era has them
   */
  public record Vdso(
      boolean present,
      String soname,
      String version,
      long linkBase,
      int segmentAlignment,
      HashStyle hash,
      int elfFlags,
      List<String> sections,
      List<Segment> segments,
      List<String> notes,
      String salt,
      boolean sectionHeaders,
      boolean symbolTypes,
      TrampolineStart trampolineStart,
      boolean signalFrames,
      Conditions conditions,
      Map<String, String> rewrite,
      List<Feature> features,
      List<String> without) {}

  /** How image code finds its data page. */
  public enum Reach {
    /** A word in the image holds the distance (up to Linux 5.10). */
    OFFSET_WORD,
    /** The distance is a link-time constant (Linux 5.11 and later). */
    LINKED
  }

  /** Which arithmetic the time functions use. */
  public enum TimeForm {
    NONE,
    /** 2^-20 seconds: tb_to_xs and stamp_xsec. */
    XSEC,
    /**
     * Nanoseconds since the last update: stamp_xtime, and 2^-32 seconds by tb_to_xs; microseconds
     * are counted as in XSEC where there is no stamp_sec_fraction.
     */
    STAMP,
    /** Generic: cycle_last, mult, shift, basetime. */
    GENERIC
  }

  /**
   * The data pages.
   *
   * @param pages what each page holds, in address order: {@code data}, {@code timens}, {@code
   *     arch}, {@code rng}
   * @param fields where each field lies
   */
  public record Data(TimeForm form, Reach reach, List<String> pages, Map<String, Field> fields) {
    /** Where a field lies, or null if this layout has no such field. */
    public @Nullable Field field(String name) {
      return fields.get(name);
    }
  }

  /** The page of fields that name none. */
  public static final String DATA_PAGE = "data";

  /**
   * One field of a data page.
   *
   * @param page one of {@link Data#pages}
   * @param offset in bytes from the page's begin
   * @param bytes size of the field, or of one element of an array
   */
  public record Field(String page, int offset, int bytes) {}

  /**
   * One VMA of the handed pages.
   *
   * @param name as in /proc/PID/maps; empty if it shows none
   * @param permissions as in /proc/PID/maps, such as {@code r-xp}
   * @param holds in address order: {@code image} or a page of {@link Data#pages}
   * @param flags VmFlags of /proc/PID/smaps that matter here
   */
  public record Area(String name, String permissions, List<String> holds, List<String> flags) {}

  /**
   * Where the handed pages go.
   *
   * @param hint address asked for, 0 for anywhere
   * @param alignment of the first page, in bytes
   * @param reservesLastPage false if the search for room overlooked the last page (Linux 2.6.12)
   */
  public record Placement(long hint, int alignment, boolean reservesLastPage) {}

  /** How /proc/PID/maps comes to name an area of the handed pages. */
  public enum Naming {
    /**
     * Whatever begins where the kernel believes its vDSO to lie has the name: arch_vma_name(), to
     * Linux 5.10.
     */
    ADDRESS,
    /** The name belongs to the mapping and goes with it (Linux 5.11 and later). */
    MAPPING
  }

  /** What becomes of the kernel's idea of its vDSO's address when mremap(2) moves pages. */
  public enum OnMove {
    /** Nothing: it is stale then (to Linux 4.1). */
    STALE,
    /** It follows whenever the move begins with the vDSO's first page (Linux 4.2 to 5.10). */
    BEGIN,
    /** It follows; a move of less than the whole mapping fails with EINVAL (since 5.11). */
    WHOLE
  }

  /** What becomes of the kernel's idea of its vDSO's address when munmap(2) takes pages. */
  public enum OnUnmap {
    /** Nothing: it is stale then (to Linux 4.1). */
    STALE,
    /** Forgotten if the call names it, even if the call then fails (Linux 4.2 to 6.11). */
    NAMED,
    /** Forgotten once the mapping is gone (Linux 6.12 and later). */
    GONE
  }

  /** How a fixed mmap(2) fails that would replace a part of an area that must stay whole. */
  public enum ReplaceError {
    /** Whatever made the unmapping fail is told as a lack of memory (to Linux 6.11). */
    ENOMEM,
    /** The unmapping's own error (Linux 6.12 and later). */
    EINVAL
  }

  /** Which of the handed pages a core dump contains. */
  public enum Dump {
    /** Those in areas that the process wrote to, as with any mapping (2.6.12, 2.6.18). */
    WRITTEN,
    /** All, wherever they are (VM_ALWAYSDUMP: 2.6.32 to 3.8). */
    ALWAYS,
    /** Those in areas that have a name at that moment (Linux 3.10 and later). */
    NAMED
  }

  /**
   * What a program's calls do to the handed pages.
   *
   * @param splits whether a call may take a part of an area; otherwise munmap, mremap and mprotect
   *     of a part fail with EINVAL (Linux 5.11 and later), and a fixed mmap as replaceError says
   * @param replaceError of a fixed mmap over a part of an area that must stay whole
   */
  public record Mapping(
      Naming names,
      boolean splits,
      ReplaceError replaceError,
      OnMove onMove,
      OnUnmap onUnmap,
      Dump dump) {}

  /**
   * Signal delivery.
   *
   * @param redZone bytes below the stack pointer a handler's frame must not touch
   */
  public record Signals(int redZone) {}

  /**
   * System calls.
   *
   * @param table the architecture whose numbers they have
   * @param count first number beyond the table, as __kernel_get_syscall_map reports it
   * @param with calls present although the release says otherwise
   * @param without calls absent although the release says otherwise
   */
  public record Syscalls(String table, int count, List<String> with, List<String> without) {}

  /**
   * Clocks.
   *
   * @param resolutionNanos what clock_getres(2) says for clocks of full resolution
   * @param coarseNanos the same for coarse clocks, the length of a tick
   */
  public record Time(long resolutionNanos, long coarseNanos) {}

  /**
   * Restartable sequences.
   *
   * @param featureSize AT_RSEQ_FEATURE_SIZE, 0 before Linux 6.3
   * @param alignment of the area, AT_RSEQ_ALIGN
   * @param obeysFlags whether flags let sequences survive events; later kernels kill for them
   * @param clearsDescriptor whether registration clears a descriptor left in the area
   * @param endsWithThreads whether CLONE_THREAD decides that a child has no registration, not
   *     CLONE_VM
   */
  public record Rseq(
      boolean present,
      int featureSize,
      int alignment,
      boolean obeysFlags,
      boolean clearsDescriptor,
      boolean endsWithThreads) {}
}
