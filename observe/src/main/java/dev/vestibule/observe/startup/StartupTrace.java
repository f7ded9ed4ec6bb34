package dev.vestibule.observe.startup;

import dev.vestibule.cpu.GuestFault;
import dev.vestibule.kernel.KernelListener;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.SyscallRow;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.memory.Vma;
import dev.vestibule.kernel.rseq.Ownership;
import dev.vestibule.kernel.rseq.RseqCall;
import dev.vestibule.observe.CodeEntries;
import dev.vestibule.observe.LineOutput;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * In which order does a program start? One line for each step from exec to main, and for what is
 * loaded later: who is mapped, relocated and initialised, who registers what, and by whom.
 *
 * <p>Which code to look out for is what the objects themselves say ({@link EntryPoints}). Only one
 * thing is known of a C library: where a stripped program has no symbol {@code main}, it is what
 * {@code __libc_start_main} is given, if an object defines that.
 */
public final class StartupTrace implements KernelListener {
  private static final String STARTER = "__libc_start_main";

  /** Power: its sixth argument points to words of which the second is main. */
  private static final int STARTUP_INFO = 5;

  private static final int PROT_READ = 1;

  private final LineOutput output;
  private final boolean json;
  private final Map<Process, Program> programs = new ConcurrentHashMap<>();

  /** Sequences that threads are in without a registration, and what has been said of such. */
  private final Map<Task, String> inside = new ConcurrentHashMap<>();

  private final Map<Task, Set<String>> told = new ConcurrentHashMap<>();

  /** An address to look out for. */
  private record Point(LoadedObject object, Stage stage, boolean starter) {}

  /** What is known of one process. */
  private static final class Program {
    final long since;
    final Map<Long, LoadedObject> objects = new ConcurrentHashMap<>();
    final Map<Long, Point> points = new ConcurrentHashMap<>();

    Program(long since) {
      this.since = since;
    }
  }

  /**
   * A trace.
   *
   * @param json whether lines are JSON objects
   */
  public StartupTrace(LineOutput output, boolean json) {
    this.output = output;
    this.json = json;
  }

  // ---- processes and threads --------------------------------------------------------------------

  @Override
  public void exec(Task task, String path, List<String> arguments) {
    Program program = new Program(System.nanoTime());
    programs.put(task.process(), program);
    tell(task, Stage.EXEC, GuestText.toHost(path), "", "");
    boolean main = true;
    for (Vma vma : task.space().mappings()) {
      if (vma.backing() != null && vma.offset() == 0) {
        boolean named = vma.backing().path().endsWith(baseName(path));
        LoadedObject object = load(task, program, vma, main && named);
        main &= object == null || !named;
      }
    }
    watch(task, program);
  }

  private static String baseName(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  @Override
  public void taskStarted(Task task) {
    Process process = task.process();
    Process parent = process.parent();
    boolean forked = !programs.containsKey(process);
    Program from = programs.get(forked && parent != null ? parent : process);
    if (from == null) {
      return;
    }
    if (forked) {
      Program copy = new Program(from.since);
      copy.objects.putAll(from.objects);
      copy.points.putAll(from.points);
      programs.put(process, copy);
    }
    Program program = programs.getOrDefault(process, from);
    watch(task, program);
    if (forked || task.tid() != process.pid()) {
      here(task, program, forked ? Stage.FORK : Stage.THREAD, "");
    }
  }

  // ---- sequences --------------------------------------------------------------------------------

  /** A thread without a registration is in a restartable sequence, or behind it. */
  private void sequence(Task task, Point point, long address) {
    settle(task, point.stage == Stage.COMMITTED);
    if (point.stage == Stage.SEQUENCE && task.rseq().registration() == null) {
      String where = point.object.file().name() + " " + point.object.symbol(address);
      inside.put(task, where);
    }
  }

  /** The sequence that a thread was in has come to its end, or the thread has left it. */
  private void settle(Task task, boolean committed) {
    String where = inside.remove(task);
    if (where == null) {
      return;
    }
    String how = committed ? "committed all the same" : "left before its end, as a fallback does";
    String quarrel = "sequence without registration: " + where + ", " + how;
    if (told.computeIfAbsent(task, t -> ConcurrentHashMap.newKeySet()).add(quarrel)) {
      tell(task, Stage.QUARREL, "", "", quarrel);
    }
  }

  @Override
  public void syscallEnter(Task task, SyscallRow row, long[] arguments) {
    settle(task, false);
  }

  @Override
  public void taskExited(Task task) {
    settle(task, false);
    told.remove(task);
    CodeEntries.forget(task);
  }

  @Override
  public void processExited(Process process, int status) {
    programs.remove(process);
  }

  private void watch(Task task, Program program) {
    CodeEntries.watch(
        task,
        this,
        program.points::containsKey,
        address -> {
          Point point = program.points.get(address);
          if (point != null) {
            entered(task, program, point, address);
          }
        });
  }

  private void entered(Task task, Program program, Point point, long address) {
    if (point.starter) {
      findMain(task, program);
      return;
    }
    if (point.stage == Stage.SEQUENCE || point.stage == Stage.COMMITTED) {
      sequence(task, point, address);
      return;
    }
    String detail = point.object.points().initFirst() ? "(initfirst)" : "";
    tell(task, point.stage, point.object.file().name(), point.object.symbol(address), detail);
  }

  /** A stripped program's main, from what the C library is given. */
  private void findMain(Task task, Program program) {
    if (program.points.values().stream()
        .anyMatch(each -> each.stage == Stage.MAIN && !each.starter)) {
      return;
    }
    try {
      long info = task.abi().syscallArgument(task.cpu(), STARTUP_INFO);
      long main = task.abi().loadWord(task.memory(), info + task.abi().wordSize());
      LoadedObject object = holder(program, main);
      boolean descriptor = task.abi().wide() && task.abi().bigEndian();
      long first = descriptor ? task.abi().loadWord(task.memory(), main) : main;
      if (object != null) {
        program.points.put(first, new Point(object, Stage.MAIN, false));
        watch(task, program);
      }
    } catch (GuestFault notThere) {
      return;
    }
  }

  // ---- objects ----------------------------------------------------------------------------------

  private @Nullable LoadedObject load(Task task, Program program, Vma vma, boolean main) {
    LoadedObject around = holder(program, vma.start());
    if (around != null
        && vma.backing() != null
        && around.file().path().equals(GuestText.toHost(vma.backing().path()))) {
      return null; // a later segment, whose page is the file's first one too
    }
    LoadedObject object = LoadedObject.at(vma, task.space().layout().pageSize(), main);
    if (object == null || program.objects.putIfAbsent(vma.start(), object) != null) {
      return null;
    }
    String soname = object.file().soname();
    boolean other = soname != null && !soname.equals(object.file().name());
    String where = "at 0x" + Long.toHexString(vma.start());
    tell(task, Stage.MAP, object.file().path(), "", other ? where + " (" + soname + ")" : where);
    Map<Long, Point> points = new HashMap<>();
    object
        .points()
        .stages()
        .forEach((at, stage) -> points.put(at + object.bias(), new Point(object, stage, false)));
    for (long at : object.points().functions(STARTER)) {
      points.putIfAbsent(at + object.bias(), new Point(object, Stage.MAIN, true));
    }
    program.points.putAll(points);
    return object;
  }

  private static @Nullable LoadedObject holder(Program program, long address) {
    for (LoadedObject object : program.objects.values()) {
      if (object.file().holds(address)) {
        return object;
      }
    }
    return null;
  }

  private void unload(Task task, Program program, long from, long length) {
    program
        .objects
        .values()
        .removeIf(object -> {
          boolean gone =
              object.file().end() - 1 - from >= 0
                  && from + length - object.file().end() >= 0
                  && object.bias() >= from;
          if (gone) {
            program.points.values().removeIf(point -> point.object == object);
            tell(task, Stage.UNMAP, object.file().name(), "", "");
          }
          return gone;
        });
  }

  // ---- system calls -----------------------------------------------------------------------------

  @Override
  public void syscallExit(Task task, SyscallRow row, long[] arguments, long result) {
    Program program = programs.get(task.process());
    if (program == null) {
      return;
    }
    boolean failed = result < 0 && result > -4096;
    switch (row.names().getFirst()) {
      case "mmap", "mmap2" -> {
        Vma vma = failed ? null : task.space().find(result);
        if (vma != null && vma.start() == result && load(task, program, vma, false) != null) {
          watch(task, program);
        }
      }
      case "munmap" -> {
        if (!failed) {
          unload(task, program, arguments[0], arguments[1]);
        }
      }
      case "mprotect" -> protect(task, program, arguments);
      case "set_tid_address" -> here(task, program, Stage.SET_TID_ADDRESS, "");
      case "set_robust_list" -> here(task, program, Stage.SET_ROBUST_LIST, "");
      case "rseq" -> rseq(task, program);
      default -> {}
    }
  }

  private void rseq(Task task, Program program) {
    RseqCall call = task.rseq().lastCall();
    if (call == null) {
      return;
    }
    Ownership ownership = task.process().rseqOwnership();
    at(task, program, Stage.RSEQ, ownership.registrant(call).address(), call.text());
    String quarrel = ownership.quarrel(call);
    if (!quarrel.isEmpty()) {
      tell(task, Stage.QUARREL, "", "", quarrel);
    }
  }

  private void protect(Task task, Program program, long[] arguments) {
    if (arguments[2] != PROT_READ) {
      return;
    }
    for (LoadedObject object : program.objects.values()) {
      if (object.relro() != 0
          && Long.compareUnsigned(object.relro() - arguments[0], arguments[1]) < 0) {
        tell(task, Stage.RELOCATED, object.file().name(), "", "");
      }
    }
  }

  /** An event whose cause is where the task is. */
  private void here(Task task, Program program, Stage stage, String detail) {
    at(task, program, stage, task.cpu().pc(), detail);
  }

  private void at(Task task, Program program, Stage stage, long pc, String detail) {
    LoadedObject object = holder(program, pc);
    tell(
        task,
        stage,
        object == null ? "" : object.file().name(),
        object == null ? "0x" + Long.toHexString(pc) : object.symbol(pc),
        detail);
  }

  private void tell(Task task, Stage stage, String object, String symbol, String detail) {
    Program program = programs.get(task.process());
    long nanos = program == null ? 0 : System.nanoTime() - program.since;
    Ownership ownership = task.process().rseqOwnership();
    RseqCall owner = task.rseq().owner();
    boolean settingUp = stage == Stage.SET_TID_ADDRESS || stage == Stage.SET_ROBUST_LIST;
    StartupEvent event =
        new StartupEvent(
            nanos,
            task.process().pid(),
            task.tid(),
            stage,
            object,
            symbol,
            detail,
            ownership.state(task, settingUp),
            owner == null ? "" : ownership.registrant(owner).name(),
            task.rseq().registration());
    output.line(json ? event.json() : event.text());
  }
}
