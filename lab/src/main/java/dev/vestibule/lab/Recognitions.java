package dev.vestibule.lab;

import dev.vestibule.inspect.EditedVdso;
import dev.vestibule.inspect.InspectException;
import dev.vestibule.inspect.NameProbe;
import dev.vestibule.inspect.Recognition;
import dev.vestibule.inspect.Strategy;
import dev.vestibule.kernel.Container;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.KernelListener;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.SyscallRow;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.exec.Arguments;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.FsContext;
import dev.vestibule.kernel.file.HostMount;
import dev.vestibule.kernel.proc.GuestProcess;
import dev.vestibule.profile.KernelProfile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Who recognises a program's vDSO under a kernel, once the program has done something to it? Runs a
 * program that does it, looks at it by each strategy when it makes its last system call, and
 * compares with what the machine knows.
 */
public final class Recognitions {
  private final Programs programs;
  private final boolean privileged;
  private final Map<String, NameProbe> probes = new ConcurrentHashMap<>();

  /** One strategy's answer, and how good it is. */
  public record Line(Recognition.Answer answer, Recognition.Judgement judgement) {}

  /**
   * What was found.
   *
   * @param truth address of the kernel's image, null if the process has none any more
   * @param probe whether names survive a move under this kernel
   * @param chosen the strategy that CRIU would take
   * @param lines one for each strategy
   * @param edits what of the kernel's image was edited
   */
  public record Result(
      KernelProfile kernel,
      VdsoState state,
      @Nullable Long truth,
      NameProbe probe,
      Strategy chosen,
      List<Line> lines,
      List<EditedVdso.Change> edits) {
    public Result {
      lines = List.copyOf(lines);
      edits = List.copyOf(edits);
    }

    /** The line of a strategy. */
    public Line line(Strategy strategy) {
      return lines.get(strategy.ordinal());
    }
  }

  /**
   * @param programs with the bundled ones among them
   * @param privileged whether the one who looks is root in the guest's world
   */
  public Recognitions(Programs programs, boolean privileged) {
    this.programs = programs;
    this.privileged = privileged;
  }

  /**
   * Brings a program into a state and looks for its vDSO.
   *
   * @throws InspectException if the program does not come to its end
   */
  public Result look(KernelProfile kernel, VdsoState state)
      throws InspectException, InterruptedException {
    NameProbe probe = probe(kernel);
    Seen seen = run(kernel, state, process -> answers(process, kernel, probe, state));
    return seen.result();
  }

  /** As CRIU asks a child of its own: it moves its vDSO, and its maps are searched for the name. */
  private NameProbe probe(KernelProfile kernel) throws InspectException, InterruptedException {
    NameProbe known = probes.get(kernel.name());
    if (known == null) {
      Seen seen = run(kernel, VdsoState.MOVE, this::named);
      known = seen.result().probe();
      probes.put(kernel.name(), known);
    }
    return known;
  }

  private Result named(Task task) {
    GuestProcess process = new GuestProcess(task.process(), privileged);
    boolean named = process.mappings().stream().anyMatch(m -> m.name().equals("[vdso]"));
    NameProbe probe =
        process.image() == null ? NameProbe.UNKNOWN : named ? NameProbe.SURVIVES : NameProbe.LOST;
    KernelProfile kernel = task.machine().profile();
    return new Result(
        kernel, VdsoState.MOVE, process.image(), probe, Strategy.NAME, List.of(), List.of());
  }

  private Result answers(Task task, KernelProfile kernel, NameProbe probe, VdsoState state) {
    GuestProcess known = new GuestProcess(task.process(), privileged);
    Long truth = known.image();
    List<Line> lines = new ArrayList<>();
    boolean framesShown = false;
    for (Strategy strategy : Strategy.values()) {
      GuestProcess process = new GuestProcess(task.process(), privileged);
      Recognition.Answer answer;
      try {
        answer = new Recognition(process, process.looker()).by(strategy);
      } catch (InspectException e) {
        answer =
            new Recognition.Answer(
                strategy, List.of(), false, String.valueOf(e.getMessage()), process.calls());
      }
      framesShown |= strategy == Strategy.FRAME && answer.able();
      lines.add(new Line(answer, Recognition.judge(answer, truth)));
    }
    Strategy chosen = Recognition.choose(probe, framesShown);
    return new Result(kernel, state, truth, probe, chosen, lines, known.edits());
  }

  private Seen run(KernelProfile kernel, VdsoState state, Function<Task, Result> look)
      throws InspectException, InterruptedException {
    Path file = programs.file(VdsoState.PROGRAM, kernel.architecture());
    Streams streams = new Streams();
    Seen seen = new Seen(look);
    Machine.Builder builder =
        Machine.builder(kernel)
            .listener(seen)
            .fileTree(new FileTree(HostMount.of(List.of("/"))))
            .container(state == VdsoState.CONTAINER ? new Container("container") : null);
    int status;
    try (Machine machine = builder.build()) {
      status =
          machine.await(
              machine.start(
                  file.toString(),
                  new Arguments(List.of(VdsoState.PROGRAM, state.argument()), List.of()),
                  streams.table(),
                  new FsContext("/", 022),
                  Machine.hostCredentials(),
                  new Limits()));
    } catch (Failure failure) {
      throw new InspectException(kernel.name(), Errno.message(failure.errno()));
    }
    if (status != 0 || seen.result == null) {
      String said = streams.text().replaceAll("\\s*\\R\\s*", "; ");
      throw new InspectException(
          kernel.name(), VdsoState.PROGRAM + " " + state.id() + " failed: " + said);
    }
    return seen;
  }

  /** Looks at the program when it is about to end. */
  private static final class Seen implements KernelListener {
    private final Function<Task, Result> look;
    private volatile @Nullable Result result;

    Seen(Function<Task, Result> look) {
      this.look = look;
    }

    Result result() {
      return java.util.Objects.requireNonNull(result);
    }

    @Override
    public void syscallEnter(Task task, SyscallRow row, long[] arguments) {
      if (row.names().contains("exit_group")) {
        result = look.apply(task);
      }
    }
  }
}
