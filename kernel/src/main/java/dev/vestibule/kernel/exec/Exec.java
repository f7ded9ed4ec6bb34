package dev.vestibule.kernel.exec;

import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ProgramHeader;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.Layout;
import dev.vestibule.kernel.memory.Vma;
import dev.vestibule.kernel.trace.Tracee;
import dev.vestibule.profile.AuxType;
import dev.vestibule.profile.KernelProfile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How does a process begin to run another program? execve(2). */
public final class Exec {
  private static final int READ_WRITE = GuestMemory.PROT_READ | GuestMemory.PROT_WRITE;

  /** Pages below the strings that are mapped from the start, as Linux does: 128 KiB. */
  private static final long STACK_ROOM = 128 << 10;

  private final Task task;
  private final Machine machine;
  private final KernelProfile profile;
  private final Executable program;
  private final AddressSpace space;
  private long stackTop;

  private Exec(Task task, Executable program, AddressSpace space) {
    this.task = task;
    this.machine = task.machine();
    this.profile = machine.profile();
    this.program = program;
    this.space = space;
  }

  /**
   * Replaces the task's program. Where Linux would return an error, throws it and the old program
   * is untouched; where Linux would kill the process, this does.
   *
   * @param directory descriptor that relative paths start from, or AT_FDCWD
   * @throws Failure with execve(2)'s errors
   */
  public static void execute(
      Task task, int directory, String path, int flags, Arguments arguments) {
    Machine machine = task.machine();
    KernelProfile profile = machine.profile();
    try (Executable program =
        Executable.open(
            machine.fileTree(),
            task,
            directory,
            path,
            flags,
            arguments,
            profile.architecture(),
            profile.memory().pageSize())) {
      Process process = task.process();
      int formerTid = task.tid();
      if (!process.becomeSingleThreaded(task)) {
        throw new Failure(Errno.EAGAIN);
      }
      task.rseq().forget();
      AddressSpace space = newSpace(machine, process);
      AddressSpace old = process.space();
      process.setSpace(space, machine.abi());
      task.cpu().enter(space.memory(), space.code());
      task.releaseVforkParent();
      old.leave();
      try {
        new Exec(task, program, space).load();
      } catch (Failure failure) {
        process.groupExit(dev.vestibule.kernel.signal.Signals.SIGKILL);
        return;
      }
      forgetOldProgram(task, path, program);
      machine.listener().exec(task, path, program.arguments().argv());
      Tracee tracee = task.tracee();
      if (tracee != null) {
        tracee.executed(formerTid);
      }
    }
  }

  /** Room for argument texts: a quarter of the stack's limit, at most 6 MiB, at least 128 KiB. */
  public static long argumentRoom(Process process) {
    long limit = process.limits().soft(Limits.RLIMIT_STACK);
    long most = 6L << 20;
    return limit < 0 ? most : Math.max(Math.min(limit / 4, most), 128 << 10);
  }

  private static AddressSpace newSpace(Machine machine, Process process) {
    KernelProfile.AddressSpace memory = machine.addressSpace();
    long stackLimit = process.limits().soft(Limits.RLIMIT_STACK);
    boolean random = machine.randomizes() && !process.noRandomize();
    long mmapRandom = random ? machine.random() : 0;
    long stackRandom =
        random && memory.stackRandom() > 0 ? machine.random() & memory.stackRandom() - 1 : 0;
    long page = memory.pageSize();
    long pie = memory.pieBase();
    if (random && memory.mmapRandomBits() > 0) {
      pie += (machine.random() & (1L << Math.min(memory.mmapRandomBits(), 20)) - 1) * page;
    }
    Layout layout =
        new Layout(
            memory.pageSize(),
            memory.taskSize(),
            memory.stackTop() - (stackRandom & -page),
            memory.searchFrom(stackLimit, mmapRandom),
            memory.search() == KernelProfile.Search.TOP_DOWN,
            memory.minAddress(),
            pie,
            machine.profile().mapping());
    return space(machine, layout, process.limits());
  }

  private static AddressSpace space(Machine machine, Layout layout, Limits limits) {
    GuestAbi abi = machine.abi();
    return new AddressSpace(
        layout,
        (layout.taskSize() + 0xffff) & -0x10000L,
        abi.wide(),
        abi.bigEndian(),
        machine.settings().memoryLimit(),
        () -> limits.soft(Limits.RLIMIT_STACK),
        machine.engine());
  }

  /**
   * An empty address space for a process that was saved.
   *
   * @param searchFrom where mmap(2) looked for room, as far as this kernel has that
   */
  public static AddressSpace restoredSpace(Machine machine, Limits limits, long searchFrom) {
    KernelProfile.AddressSpace memory = machine.addressSpace();
    long usual = memory.searchFrom(limits.soft(Limits.RLIMIT_STACK), 0);
    boolean topDown = memory.search() == KernelProfile.Search.TOP_DOWN;
    boolean usable = searchFrom > memory.minAddress() && searchFrom < memory.taskSize();
    Layout layout =
        new Layout(
            memory.pageSize(),
            memory.taskSize(),
            memory.stackTop(),
            usable ? searchFrom & -memory.pageSize() : usual,
            topDown,
            memory.minAddress(),
            memory.pieBase(),
            machine.profile().mapping());
    return space(machine, layout, limits);
  }

  private void load() {
    stackTop = space.layout().stackTop();
    Arguments arguments = program.arguments();
    mapStack(arguments);
    ImageMapper.Mapped image = mapMain();
    ImageMapper.Mapped loader = null;
    if (program.loader() != null) {
      loader = ImageMapper.mapAnywhere(space, program.loader());
    }
    long page = space.layout().pageSize();
    long heap = image.end() + page - 1 & -page;
    if (image.image().relocatable() && loader == null) {
      heap = space.layout().pieBase();
    }
    long heapRandom = machine.addressSpace().brkRandom();
    if (heapRandom > 0 && machine.randomizes() && !task.process().noRandomize()) {
      heap += machine.random() & heapRandom - 1 & -page;
    }
    space.setBrk(heap);
    HandedPages.Handed handed = machine.handedPages().map(space);
    space.setHanded(handed);
    long sp = writeStack(arguments, image, loader, handed);
    GuestAbi.ElfFacts facts =
        new GuestAbi.ElfFacts(
            image.image().header().flags(), loader == null ? image.bias() : loader.bias());
    long entry = loader == null ? image.entry() : loader.entry();
    task.process().endKeptRseq();
    task.process()
        .rseqOwnership()
        .begin(image.entry(), loader == null ? 0 : loader.entry(), arguments.envp());
    machine.abi().startProgram(task.cpu(), space.memory(), entry, sp, facts);
    task.showProcessor();
  }

  private ImageMapper.Mapped mapMain() {
    Executable.Part main = program.main();
    if (main.image().relocatable() && program.loader() == null) {
      return ImageMapper.mapAnywhere(space, main);
    }
    return ImageMapper.mapAt(space, main, space.layout().pieBase());
  }

  private void mapStack(Arguments arguments) {
    long bytes = 0;
    for (List<String> texts : List.of(arguments.argv(), arguments.envp())) {
      for (String text : texts) {
        bytes += text.length() + 1 + 8;
      }
    }
    long page = space.layout().pageSize();
    long start = stackTop - space.pageUp(bytes + program.name().length() + STACK_ROOM);
    int protection = READ_WRITE | (executableStack() ? GuestMemory.PROT_EXEC : 0);
    space.mapKernel(
        new Vma(
            start & -page, stackTop, protection, Vma.MAY_ALL | Vma.GROWS_DOWN, null, 0, "[stack]"));
  }

  private boolean executableStack() {
    ProgramHeader header = program.main().image().first(Elf.PT_GNU_STACK);
    return header == null ? !profile.architecture().is64() : header.executable();
  }

  private long writeStack(
      Arguments arguments,
      ImageMapper.Mapped image,
      ImageMapper.@Nullable Mapped loader,
      HandedPages.Handed handed) {
    InitialStack stack = new InitialStack(space.memory(), machine.abi(), stackTop);
    long execfn = stack.text(program.name());
    long[] envp = stack.texts(arguments.envp());
    long[] argv = stack.texts(arguments.argv());
    if (machine.randomizes() && !task.process().noRandomize()) {
      stack.skip(machine.random() & 0x1fff);
    }
    stack.align(16);
    String platform = profile.auxv().platform();
    long platformAt = platform == null ? 0 : stack.text(platform);
    String base = profile.auxv().basePlatform();
    long baseAt = base == null ? 0 : stack.text(base);
    byte[] seed = new byte[16];
    machine.randomBytes(seed);
    long random = stack.bytes(seed);
    List<InitialStack.Aux> auxv = new ArrayList<>();
    Map<AuxType, Long> values = profile.auxv().values();
    for (AuxType type : profile.auxv().order()) {
      Long value =
          switch (type) {
            case AT_PHDR -> image.programHeaders();
            case AT_PHENT -> (long) Elf.programHeaderSize(image.image().header().is64());
            case AT_PHNUM -> (long) image.image().header().phnum();
            case AT_PAGESZ -> (long) profile.memory().pageSize();
            case AT_BASE -> loader == null ? 0L : loader.bias();
            case AT_ENTRY -> image.entry();
            case AT_UID -> (long) task.credentials().uid();
            case AT_EUID -> (long) task.credentials().euid();
            case AT_GID -> (long) task.credentials().gid();
            case AT_EGID -> (long) task.credentials().egid();
            case AT_SECURE -> 0L;
            case AT_RANDOM -> random;
            case AT_EXECFN -> execfn;
            case AT_PLATFORM -> platform == null ? null : (Long) platformAt;
            case AT_BASE_PLATFORM -> base == null ? null : (Long) baseAt;
            case AT_RSEQ_FEATURE_SIZE -> (long) profile.rseq().featureSize();
            case AT_RSEQ_ALIGN -> (long) profile.rseq().alignment();
            case AT_SYSINFO_EHDR ->
                handed.vdso() != 0 || profile.auxv().ehdrWithoutVdso()
                    ? (Long) handed.vdso()
                    : null;
            default -> values.get(type);
          };
      if (value != null) {
        auxv.add(new InitialStack.Aux(type, value));
      }
    }
    long sp = stack.vectors(argv, envp, auxv);
    space.setStartup(
        new AddressSpace.Startup(
            argv.length == 0 ? sp : argv[0],
            envp.length == 0 ? execfn : envp[0],
            execfn,
            sp + (argv.length + envp.length + 3L) * machine.abi().wordSize(),
            (auxv.size() + 1) * 2 * machine.abi().wordSize(),
            sp));
    return sp;
  }

  /** What does not survive: handlers, alternate stack, descriptors marked so. */
  private static void forgetOldProgram(Task task, String path, Executable program) {
    Process process = task.process();
    synchronized (task.machine().lock()) {
      process.ownActions();
      process.actions().reset();
      task.signals().disableStack();
    }
    task.setRobustList(0, 0);
    task.setClearChildTid(0);
    if (task.files().shared()) {
      var old = task.files();
      task.setFiles(old.copy());
      old.leave();
    }
    task.files().closeForExec();
    task.setComm(path.substring(path.lastIndexOf('/') + 1));
    process.setExecutable(program.main().program().path());
    process.setDumpable(true);
    process.setExitSignal(dev.vestibule.kernel.signal.Signals.SIGCHLD);
  }
}
