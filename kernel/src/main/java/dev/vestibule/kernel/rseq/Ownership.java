package dev.vestibule.kernel.rseq;

import dev.vestibule.cpu.GuestFault;
import dev.vestibule.elf.ElfSymbol;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.Backing;
import dev.vestibule.kernel.memory.Vma;
import dev.vestibule.profile.KernelProfile;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who owns the restartable sequences of a process, and who has tried to?
 *
 * <p>Calls are noted as they happen; which object has made one, and what that is to the program, is
 * found out from mappings, files and the loader's list of objects when somebody wants to know.
 */
public final class Ownership {
  /** Bytes of code in which a static program's C library sets up its first thread. */
  private static final long SET_UP_CODE = 1024;

  /** Calls kept for /proc; later ones are counted. */
  private static final int MOST_CALLS = 64;

  private static final int MOST_OBJECTS = 256;

  private final Process process;
  private final List<RseqCall> calls = new ArrayList<>();
  private final Map<RseqCall, Registrant> registrants = new IdentityHashMap<>();
  private final Map<Long, MappedObject> objects = new HashMap<>();
  private Program program = new Program(0, 0, List.of(), List.of());
  private volatile KernelProfile.@Nullable Rseq kept;
  private long unlisted;
  private RseqCall.@Nullable Caller setUp;
  private int setUpThread;
  private @Nullable Long libcOffset;

  /** What may be known of a thread, in the words of the discussion of 2019. */
  public enum State {
    /** Nobody has registered, and no C library is about to. */
    UNSET,
    /** The C library will register when it comes to it. */
    PREINIT,
    LIBC,
    /** Somebody else has registered. */
    OVERRIDE;

    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * What exec has loaded.
   *
   * @param entry an address in the program
   * @param loaderEntry an address in its loader, 0 without one
   */
  private record Program(long entry, long loaderEntry, List<String> preload, List<String> audit) {}

  public Ownership(Process process) {
    this.process = process;
  }

  /** What holds for restartable sequences of this process. */
  public KernelProfile.Rseq rules() {
    KernelProfile.Rseq former = kept;
    return former != null ? former : process.machine().profile().rseq();
  }

  /** Another kernel's rules hold for the process from now on; its own kernel's again if null. */
  public void keep(KernelProfile.@Nullable Rseq rules) {
    kept = rules;
  }

  // ---- what happens -----------------------------------------------------------------------------

  /** exec(2): another program, its variables as NAME=VALUE. */
  public synchronized void begin(long entry, long loaderEntry, List<String> environment) {
    calls.clear();
    registrants.clear();
    objects.clear();
    unlisted = 0;
    setUp = null;
    libcOffset = null;
    List<String> preload = list(environment, "LD_PRELOAD=", "[ :]");
    program = new Program(entry, loaderEntry, preload, list(environment, "LD_AUDIT=", ":"));
  }

  /** fork(2): a copy of a process goes on. */
  public void copyFrom(Ownership other) {
    synchronized (other) {
      program = other.program;
      kept = other.kept;
      setUp = other.setUp;
      libcOffset = other.libcOffset;
      setUpThread = process.pid();
    }
  }

  private static List<String> list(List<String> environment, String variable, String separator) {
    List<String> names = new ArrayList<>();
    for (String each : environment) {
      if (each.startsWith(variable)) {
        for (String name : each.substring(variable.length()).split(separator)) {
          if (!name.isEmpty()) {
            names.add(name);
          }
        }
      }
    }
    return names;
  }

  /** set_tid_address(2): a C library sets up its first thread, and may register next. */
  public synchronized void threadSetUp(Task task) {
    if (setUp == null) {
      setUp = caller(task);
      setUpThread = task.tid();
    }
  }

  /** rseq(2), as far as the machine's arbiter lets the caller have it. */
  public long call(Task task, long area, int length, int flags, int signature) {
    Rseq rseq = task.rseq();
    long offset = area - task.abi().threadPointer(task.cpu());
    RseqCall call =
        RseqCall.of(
            task.tid(),
            area,
            length,
            flags,
            signature,
            caller(task),
            offset,
            rseq.registration(),
            rseq.owner());
    RseqOwner arbiter = task.machine().rseqOwner();
    boolean refused = arbiter.kind() != RseqOwner.Kind.AUTO && !arbiter.admits(find(call));
    long result = refused ? -Errno.ENOSYS : answer(rseq, area, length, flags, signature);
    RseqCall done = call.with(result, refused);
    note(done);
    rseq.called(done);
    return result;
  }

  private static long answer(Rseq rseq, long area, int length, int flags, int signature) {
    try {
      return rseq.call(area, length, flags, signature);
    } catch (GuestFault fault) {
      return -Errno.EFAULT;
    }
  }

  private synchronized void note(RseqCall call) {
    if (libcOffset == null && near(setUp, call)) {
      libcOffset = call.threadOffset();
    }
    if (calls.size() < MOST_CALLS) {
      calls.add(call);
    } else {
      unlisted++;
    }
  }

  private static RseqCall.Caller caller(Task task) {
    return new RseqCall.Caller(task.cpu().pc(), task.abi().returnAddress(task.cpu()));
  }

  // ---- what it means ----------------------------------------------------------------------------

  /** The calls of the process since exec, the first ones if they are very many. */
  public synchronized List<RseqCall> calls() {
    return List.copyOf(calls);
  }

  /** How many calls are not in {@link #calls}. */
  public synchronized long unlisted() {
    return unlisted;
  }

  /**
   * The state of a thread.
   *
   * @param settingUp whether the C library is just setting up the thread: between its calls of
   *     set_tid_address(2) and rseq(2)
   */
  public State state(Task task, boolean settingUp) {
    RseqCall owner = task.rseq().owner();
    if (task.rseq().registration() != null && owner != null) {
      return registrant(owner).libc() ? State.LIBC : State.OVERRIDE;
    }
    return libcIsDue(task, settingUp) ? State.PREINIT : State.UNSET;
  }

  private boolean libcIsDue(Task task, boolean settingUp) {
    RseqOwner.Kind arbiter = task.machine().rseqOwner().kind();
    if (!rules().present()) {
      return false;
    }
    boolean first;
    synchronized (this) {
      first = setUp == null || setUpThread == task.tid();
      if (first && setUp != null && !settingUp) {
        return false;
      }
    }
    return (arbiter == RseqOwner.Kind.AUTO || arbiter == RseqOwner.Kind.LIBC)
        && (first || libcOwnsOthers())
        && !libcHasTried(task)
        && libcRegisters();
  }

  private boolean libcOwnsOthers() {
    for (Task other : process.tasks()) {
      RseqCall owner = other.rseq().owner();
      if (owner != null && registrant(owner).libc()) {
        return true;
      }
    }
    return false;
  }

  private boolean libcHasTried(Task task) {
    for (RseqCall call : calls()) {
      if (call.registers() && call.tid() == task.tid() && registrant(call).libc()) {
        return true;
      }
    }
    return false;
  }

  /** Whether the program's C library is one that registers. */
  private boolean libcRegisters() {
    MappedObject libc = loader();
    MappedObject known = libc != null ? libc : object(program().entry);
    return known != null && known.symbol(MappedObject.LIBC_REGISTERS) != null;
  }

  /** Who has made a call. */
  public Registrant registrant(RseqCall call) {
    synchronized (this) {
      Registrant known = registrants.get(call);
      if (known != null) {
        return known;
      }
    }
    Registrant found = find(call);
    synchronized (this) {
      if (calls.contains(call)) {
        registrants.put(call, found);
      }
    }
    return found;
  }

  private Registrant find(RseqCall call) {
    long address = call.caller().pc();
    MappedObject object = object(address);
    if (object != null && within(object, MappedObject.WRAPPER, address)) {
      MappedObject behind = object(call.caller().returnsTo());
      if (behind != null) {
        object = behind;
        address = call.caller().returnsTo();
      }
    }
    return new Registrant(role(object, call), object, address);
  }

  private Registrant.Role role(@Nullable MappedObject object, RseqCall call) {
    if (object == null) {
      return Registrant.Role.UNKNOWN;
    }
    Program is = program();
    if (is.loaderEntry != 0 && object.holds(is.loaderEntry)) {
      return Registrant.Role.LIBC;
    }
    boolean libc = object.sharedLibc();
    if (object.holds(is.entry)) {
      return libc || is.loaderEntry == 0 && staticLibc(call)
          ? Registrant.Role.LIBC
          : Registrant.Role.PROGRAM;
    }
    String listed =
        new Namespaces(process.abi(), process.space().memory())
            .nameInBase(object(is.entry), loader(), object);
    if (is.preload.stream().anyMatch(name -> object.loadedAs(name, listed))) {
      return Registrant.Role.PRELOAD;
    }
    if (is.audit.stream().anyMatch(name -> object.loadedAs(name, listed))) {
      return Registrant.Role.AUDIT;
    }
    boolean base = listed != null;
    if (libc) {
      return base ? Registrant.Role.LIBC : Registrant.Role.NESTED_LIBC;
    }
    return base || loader() == null ? Registrant.Role.LIBRARY : Registrant.Role.OTHER_NAMESPACE;
  }

  /**
   * Whether the C library of a static program has called, where all code is in one object: near its
   * call of set_tid_address(2), or for an area at the place in the thread that it has chosen there.
   */
  private synchronized boolean staticLibc(RseqCall call) {
    return near(setUp, call) || libcOffset != null && libcOffset == call.threadOffset();
  }

  private static boolean near(RseqCall.@Nullable Caller first, RseqCall call) {
    return first != null && Math.abs(call.caller().pc() - first.pc()) < SET_UP_CODE;
  }

  /**
   * What is wrong with a call as far as ownership goes, for people; empty if nothing is. Calls
   * without an area only ask whether the kernel knows rseq(2).
   */
  public String quarrel(RseqCall call) {
    if (call.area() == 0) {
      return "";
    }
    Registrant who = registrant(call);
    String name = who.name();
    if (call.refused()) {
      RseqOwner arbiter = process.machine().rseqOwner();
      return "refused: " + name + " is not the owner chosen (" + arbiter + ")";
    }
    RseqCall owner = call.owner();
    Rseq.Registration before = call.before();
    if (owner == null || before == null) {
      return call.registers() && who.role() == Registrant.Role.NESTED_LIBC
          ? "nested C library: " + name + " registers, which is not the program's"
          : "";
    }
    Registrant first = registrant(owner);
    String has = first.name() + " has 0x" + Long.toHexString(before.address());
    if (!call.registers()) {
      return call.result() == 0 && !same(first, who)
          ? "taken back: by " + name + ", though " + has
          : "";
    }
    if (who.role() == Registrant.Role.NESTED_LIBC) {
      return "nested C library: " + name + ", but " + has;
    }
    if (who.role() == Registrant.Role.PRELOAD && first.libc()) {
      return "preload library too late: " + name + ", but " + has;
    }
    return "second registration: " + name + ", but " + has;
  }

  private static boolean same(Registrant one, Registrant other) {
    return one.libc() && other.libc()
        || one.object() != null
            && other.object() != null
            && one.object().bias() == other.object().bias();
  }

  // ---- objects ----------------------------------------------------------------------------------

  private synchronized Program program() {
    return program;
  }

  private @Nullable MappedObject loader() {
    Program is = program();
    if (is.loaderEntry != 0) {
      return object(is.loaderEntry);
    }
    MappedObject main = object(is.entry);
    return main != null && main.sharedLibc() ? main : null;
  }

  /** The object that lies at an address now, or did when it was last looked at. */
  private @Nullable MappedObject object(long address) {
    MappedObject former = null;
    synchronized (this) {
      for (MappedObject known : objects.values()) {
        former = known.holds(address) ? known : former;
      }
    }
    AddressSpace space = process.space();
    if (address == 0 || !space.tryShare()) {
      return former;
    }
    try {
      Vma vma = space.find(address);
      Backing backing = vma == null ? null : vma.backing();
      if (backing == null
          || former != null && former.path().equals(GuestText.toHost(backing.path()))) {
        return former;
      }
      MappedObject found = MappedObject.holding(space, address);
      if (found != null) {
        synchronized (this) {
          if (objects.size() >= MOST_OBJECTS) {
            objects.clear();
          }
          objects.put(found.bias(), found);
        }
      }
      return found;
    } finally {
      space.leave();
    }
  }

  private boolean within(MappedObject object, String function, long address) {
    ElfSymbol symbol = object.symbol(function);
    if (symbol == null) {
      return false;
    }
    long first = symbol.value() + object.bias();
    try {
      boolean descriptor = process.abi().wide() && process.abi().bigEndian();
      long code = descriptor ? process.space().memory().load64(first) : first;
      return Long.compareUnsigned(address - code, symbol.size()) <= 0;
    } catch (GuestFault unmapped) {
      return false;
    }
  }
}
