package dev.vestibule.lab;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.HostLimit;
import dev.vestibule.kernel.KernelListener;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.exec.Arguments;
import dev.vestibule.kernel.exec.HandedPages;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.FsContext;
import dev.vestibule.kernel.file.HostMount;
import dev.vestibule.kernel.memory.Vma;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.lab.Outcome.Pages;
import dev.vestibule.lab.Outcome.Verdict;
import dev.vestibule.observe.CallCounts;
import dev.vestibule.profile.KernelProfile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** What do programs make of each kernel? Runs programs under profiles. */
public final class Lab {
  /** Seconds after which a program is stopped. */
  private static final int PATIENCE = 60;

  private static final String HERE = "{programs}";

  private final Programs programs;
  private final int jobs;
  private final List<String> directories;

  /** One program under one kernel. */
  public record Run(Trial trial, KernelProfile kernel) {}

  /** Hears of each run; called from the threads that run. */
  public interface Progress {
    void started(String program, String kernel);

    void finished(Outcome outcome);
  }

  /**
   * @param programs where the trials' programs are
   * @param jobs runs at a time, at least 1
   */
  public Lab(Programs programs, int jobs) {
    this(programs, jobs, null);
  }

  /**
   * @param sysroot where loaders and libraries are looked for first, or null
   */
  public Lab(Programs programs, int jobs, @Nullable Path sysroot) {
    this.programs = programs;
    this.jobs = jobs;
    this.directories = sysroot == null ? List.of("/") : List.of(sysroot.toString(), "/");
  }

  /** Runs everything; outcomes are in the order of the runs. */
  public List<Outcome> run(List<Run> runs, Progress progress) throws InterruptedException {
    List<Future<Outcome>> running = new ArrayList<>();
    List<Outcome> outcomes = new ArrayList<>();
    try (ExecutorService workers = Executors.newFixedThreadPool(jobs)) {
      for (Run one : runs) {
        running.add(
            workers.submit(() -> {
              progress.started(one.trial.name(), one.kernel.name());
              Outcome outcome = run(one.trial, one.kernel);
              progress.finished(outcome);
              return outcome;
            }));
      }
      for (Future<Outcome> future : running) {
        outcomes.add(future.get());
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
    return outcomes;
  }

  /** Every program of a collection under every kernel. */
  public static List<Run> all(List<String> programs, List<KernelProfile> kernels) {
    List<Run> runs = new ArrayList<>();
    for (String program : programs) {
      for (KernelProfile kernel : kernels) {
        runs.add(new Run(Trial.of(program), kernel));
      }
    }
    return runs;
  }

  /** Every breakage under the kernels that it concerns. */
  public static List<Run> history(List<Breakage> breakages, List<KernelProfile> kernels) {
    List<Run> runs = new ArrayList<>();
    for (Breakage breakage : breakages) {
      for (KernelProfile kernel : kernels) {
        if (breakage.concerns(kernel)) {
          runs.add(new Run(Trial.of(breakage), kernel));
        }
      }
    }
    return runs;
  }

  /** Runs one program under one kernel. */
  public Outcome run(Trial trial, KernelProfile kernel) throws InterruptedException {
    Path file = programs.file(trial.program(), kernel.architecture());
    if (!Files.exists(file)) {
      return new Outcome(
          trial.name(), kernel.name(), Verdict.ABSENT, 0, "", 0, Map.of(), Map.of(), null);
    }
    List<String> argv = new ArrayList<>();
    argv.add(trial.program());
    String here = String.valueOf(file.toAbsolutePath().getParent());
    trial.arguments().forEach(word -> argv.add(word.replace(HERE, here)));
    List<String> environment = new ArrayList<>(List.of("PATH=/usr/bin:/bin", "LANG=C"));
    trial.environment().forEach(variable -> environment.add(variable.replace(HERE, here)));
    CallCounts counts = new CallCounts();
    PagesSeen pages = new PagesSeen(counts);
    Streams streams = new Streams();
    long start = System.nanoTime();
    int status = 0;
    Verdict verdict;
    String trouble = "";
    Machine.Builder builder =
        Machine.builder(kernel)
            .listener(pages)
            .fileTree(new FileTree(HostMount.of(directories)))
            .rseqOwner(trial.rseqOwner());
    if (!trial.vdso()) {
      builder.handedPages(HandedPages.NONE);
    }
    try (Machine machine = builder.build()) {
      Process process =
          machine.start(
              file.toString(),
              new Arguments(argv, environment),
              streams.table(),
              new FsContext("/", 022),
              Machine.hostCredentials(),
              new Limits());
      status = await(machine, process);
      verdict = status < 0 ? Verdict.TIMEOUT : verdict(status);
    } catch (Failure failure) {
      verdict = Verdict.BROKEN;
      trouble = Errno.message(failure.errno());
    } catch (HostLimit limit) {
      verdict = Verdict.BROKEN;
      trouble = limit.getMessage();
    }
    return new Outcome(
        trial.name(),
        kernel.name(),
        verdict,
        status,
        streams.text() + trouble,
        System.nanoTime() - start,
        counts.vdsoCalls(),
        counts.syscalls(),
        pages.seen());
  }

  private static Verdict verdict(int status) {
    if ((status & 0x7f) != 0) {
      return Verdict.KILLED;
    }
    return status == 0 ? Verdict.OK : Verdict.FAILED;
  }

  /** Waits for the end; -1 if it did not come in time. */
  private static int await(Machine machine, Process process) throws InterruptedException {
    try (ExecutorService waiter = Executors.newSingleThreadExecutor()) {
      Future<Integer> status = waiter.submit(() -> machine.await(process));
      try {
        return status.get(PATIENCE, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        machine.close();
        return -1;
      } catch (ExecutionException e) {
        throw new IllegalStateException(e.getCause());
      }
    }
  }

  /** Notes where the first program finds its pages, and hands on what is to be counted. */
  private static final class PagesSeen implements KernelListener {
    private final CallCounts counts;
    private volatile @Nullable Pages seen;

    PagesSeen(CallCounts counts) {
      this.counts = counts;
    }

    @Nullable Pages seen() {
      return seen;
    }

    @Override
    public void exec(Task task, String path, List<String> arguments) {
      counts.exec(task, path, arguments);
      if (seen == null) {
        long vdso = task.space().handed().vdso();
        String image = "";
        String data = "";
        for (Vma vma : task.space().mappings()) {
          if (vdso >= vma.start() && vdso < vma.end()) {
            image = show(vma);
          } else if (vma.name().startsWith("[vvar")) {
            data = show(vma);
          }
        }
        seen = new Pages(vdso, image, data);
      }
    }

    private static String show(Vma vma) {
      return String.format(Locale.ROOT, "%x-%x", vma.start(), vma.end());
    }

    @Override
    public void taskStarted(Task task) {
      counts.taskStarted(task);
    }

    @Override
    public void syscallEnter(Task task, dev.vestibule.kernel.SyscallRow row, long[] arguments) {
      counts.syscallEnter(task, row, arguments);
    }

    @Override
    public void unknownSyscall(Task task, long number, long[] registers) {
      counts.unknownSyscall(task, number, registers);
    }

    @Override
    public void signal(Task task, SigInfo info, boolean handled) {
      counts.signal(task, info, handled);
    }
  }
}
