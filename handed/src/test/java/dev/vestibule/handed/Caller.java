package dev.vestibule.handed;

import dev.vestibule.cpu.CodeCache;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.Isa;
import dev.vestibule.cpu.Stop;
import dev.vestibule.cpu.power.Assembler;
import dev.vestibule.cpu.power.Power;
import dev.vestibule.cpu.power.PowerState;
import dev.vestibule.profile.KernelProfile;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Calls functions of a vDSO mapped as a kernel would, without any kernel. */
final class Caller implements AutoCloseable {
  private static final long LIMIT = 1 << 26;
  private static final long BASE = 0x100000;
  private static final long RETURN = 0x10000;
  static final long SCRATCH = 0x20000;
  private static final long STACK = 0x40000;
  private static final long GETRANDOM = 359;

  private final Isa isa;
  private final GuestMemory memory;
  private final CodeCache code;
  private final HandedPages pages;
  private final Timekeeper time;
  private final boolean wide;
  final HandedPages.Mapping mapping;

  /** What getrandom(2) yields, again and again; it fails like all others where this is empty. */
  byte[] entropy = new byte[0];

  Caller(KernelProfile profile, HandedPages pages, Timekeeper time) {
    this.pages = pages;
    this.time = time;
    wide = profile.architecture().is64();
    boolean big = profile.architecture().order() == ByteOrder.BIG_ENDIAN;
    isa = !wide ? Power.ppc() : big ? Power.ppc64() : Power.ppc64le();
    memory = GuestMemory.reserve(LIMIT, wide, big);
    code = new CodeCache();
    memory.onCodeChange(code);
    mapping = pages.at(BASE);
    long at = mapping.start();
    for (HandedPages.Content content : pages.contents()) {
      int protection = GuestMemory.PROT_READ;
      protection |= content.area().permissions().charAt(2) == 'x' ? GuestMemory.PROT_EXEC : 0;
      memory.mapFile(at, content.length(), protection, content.hostFd(), 0, false, false);
      if (content.present() < content.length()) {
        memory.setBeyondFile(at + content.present(), content.length() - content.present(), true);
      }
      for (long hole : content.holes()) {
        memory.setBeyondFile(at + hole, profile.memory().pageSize(), true);
      }
      at += content.length();
    }
    int all = GuestMemory.PROT_READ | GuestMemory.PROT_WRITE | GuestMemory.PROT_EXEC;
    memory.mapAnonymous(RETURN, 0x40000, all);
    byte[] end = new Assembler(big).assemble("sc", 0).bytes();
    memory.poke(RETURN, end, 0, end.length);
  }

  GuestMemory memory() {
    return memory;
  }

  /**
   * What a call did.
   *
   * @param syscalls number and first two arguments of each
   */
  record Result(long value, long low, boolean error, List<List<Long>> syscalls) {}

  /** One thread's registers. */
  Cpu thread() {
    Cpu cpu = new Cpu(isa, memory, code);
    cpu.setTimebase(time::ticks);
    return cpu;
  }

  Result call(Cpu cpu, String function, long... arguments) {
    Integer offset = pages.image().functions().get(function);
    if (offset == null) {
      throw new IllegalArgumentException(function);
    }
    for (int r = 0; r < 32; r++) {
      cpu.setSlot(PowerState.GPR + r, 0x1111L * r);
    }
    cpu.setSlot(PowerState.GPR + 1, STACK);
    for (int i = 0; i < arguments.length; i++) {
      cpu.setSlot(PowerState.GPR + 3 + i, arguments[i]);
    }
    cpu.setSlot(PowerState.LR, RETURN);
    cpu.setSlot(PowerState.CR0, 1); // SO: success must clear it
    cpu.setPc(mapping.vdso() + offset);
    List<List<Long>> syscalls = new ArrayList<>();
    while (true) {
      Stop stop = cpu.run();
      if (stop == Stop.ATTENTION) {
        cpu.clearInterrupt();
        continue;
      }
      if (stop != Stop.SYSCALL) {
        throw new AssertionError(function + " stopped: " + stop + " at " + cpu.pc());
      }
      if (cpu.pc() == RETURN + 4) {
        break;
      }
      syscalls.add(List.of(register(cpu, 0), register(cpu, 3), register(cpu, 4)));
      boolean random = register(cpu, 0) == GETRANDOM && entropy.length > 0;
      if (random) {
        int wanted = (int) register(cpu, 4);
        for (int i = 0; i < wanted; i++) {
          memory.store8(register(cpu, 3) + i, entropy[i % entropy.length]);
        }
      }
      cpu.setSlot(PowerState.GPR + 3, random ? register(cpu, 4) : 22);
      cpu.setSlot(PowerState.CR0, random ? 0 : 1);
    }
    for (int r = 1; r < 32; r = r == 2 ? 13 : r + 1) {
      long expected = r == 1 ? STACK : 0x1111L * r;
      if (register(cpu, r) != expected) {
        throw new AssertionError(function + " changed r" + r);
      }
    }
    return new Result(
        register(cpu, 3),
        register(cpu, 4),
        (cpu.slot(PowerState.CR0) & 1) != 0,
        List.copyOf(syscalls));
  }

  private long register(Cpu cpu, int number) {
    long value = cpu.slot(PowerState.GPR + number);
    return wide ? value : value & 0xffff_ffffL;
  }

  @Override
  public void close() {
    memory.close();
  }
}
