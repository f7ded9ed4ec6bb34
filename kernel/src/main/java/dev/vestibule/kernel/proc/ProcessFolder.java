package dev.vestibule.kernel.proc;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.FileTable;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.file.Place;
import dev.vestibule.kernel.file.Synthetic;
import dev.vestibule.kernel.memory.PageFrames;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What is in /proc/PID, and in /proc/PID/task/TID? */
final class ProcessFolder extends Synthetic.Folder {
  private static final List<String> OF_BOTH =
      List.of(
          "auxv",
          "cgroup",
          "cmdline",
          "comm",
          "cwd",
          "environ",
          "exe",
          "fd",
          "fdinfo",
          "gid_map",
          "io",
          "limits",
          "loginuid",
          "maps",
          "mem",
          "mountinfo",
          "mounts",
          "net",
          "oom_adj",
          "oom_score",
          "oom_score_adj",
          "pagemap",
          "personality",
          "root",
          "schedstat",
          "sessionid",
          "setgroups",
          "smaps",
          "stat",
          "statm",
          "status",
          "syscall",
          "uid_map",
          "wchan");

  /** Not Linux's own: see {@link RseqText}. */
  private static final String RSEQ = "rseq_owner";

  private final Process process;
  private final @Nullable Task only;

  /**
   * @param only one of the process's tasks, or null for the process as a whole
   */
  ProcessFolder(Process process, @Nullable Task only) {
    super(0555);
    this.process = process;
    this.only = only;
  }

  /** The task whose files and registers are shown. */
  private Task subject() {
    Task task = only != null ? only : process.anyTask();
    if (task == null) {
      throw new Failure(Errno.ESRCH);
    }
    return task;
  }

  private boolean hasPageMap() {
    return PageFrames.supported(process.machine().profile());
  }

  private boolean hasRseq() {
    return process.machine().profile().rseq().present();
  }

  @Override
  protected int owner(Task viewer, boolean user) {
    Task task = only != null ? only : process.anyTask();
    return task == null ? 0 : user ? task.credentials().euid() : task.credentials().egid();
  }

  @Override
  public List<String> names(@Nullable Task task) {
    List<String> names = new ArrayList<>(OF_BOTH);
    if (hasRseq()) {
      names.add(RSEQ);
    }
    if (!hasPageMap()) {
      names.remove("pagemap");
    }
    if (only == null) {
      names.add("task");
    }
    return names;
  }

  @Override
  public @Nullable Synthetic child(@Nullable Task viewer, String name) {
    return switch (name) {
      case RSEQ -> hasRseq() ? new Text(t -> RseqText.of(process, only)) : null;
      case "maps" -> new Text(t -> MapsText.maps(process));
      case "smaps" -> new Text(t -> MapsText.smaps(process));
      case "auxv" -> new Text(0400, t -> ProcessMemory.auxv(process), null);
      case "cmdline" -> new Text(t -> ProcessMemory.arguments(process));
      case "environ" -> new Text(0400, t -> ProcessMemory.environment(process), null);
      case "comm" -> new Text(0644, t -> subject().comm() + "\n", (t, text) -> rename(text));
      case "status" -> new Text(t -> StatusText.status(process, only, t));
      case "stat" -> new Text(t -> StatusText.stat(process, only, t));
      case "syscall" -> new Text(0400, t -> StatusText.call(process, only, t), null);
      case "statm" -> new Text(t -> StatusText.statm(process));
      case "limits" -> new Text(t -> limits());
      case "mem" -> special(0600, ProcessMemory::open);
      case "pagemap" -> hasPageMap() ? special(0400, PageMapFile::new) : null;
      case "exe" -> link(p -> p.executable());
      case "cwd" -> link(p -> subject().fs().directory());
      case "root" -> link(p -> subject().fs().root());
      case "fd" -> new Descriptors(false);
      case "fdinfo" -> new Descriptors(true);
      case "task" -> only == null ? new Threads() : null;
      case "net" -> NetFolder.create();
      default -> constant(name);
    };
  }

  private static @Nullable Synthetic constant(String name) {
    return switch (name) {
      case "mounts" -> new Text(MountsText::mounts);
      case "mountinfo" -> new Text(MountsText::mountInfo);
      case "cgroup" -> new Text(t -> "0::/\n");
      case "oom_score" -> new Text(t -> "0\n");
      case "oom_adj", "oom_score_adj" -> new Text(0644, t -> "0\n", (t, text) -> 0);
      case "loginuid", "sessionid" -> new Text(t -> "4294967295");
      case "setgroups" -> new Text(t -> "allow\n");
      case "uid_map", "gid_map" -> new Text(t -> "         0          0 4294967295\n");
      case "personality" -> new Text(t -> "00000000\n");
      case "schedstat" -> new Text(t -> "0 0 0\n");
      case "wchan" -> new Text(t -> "0");
      case "io" ->
          new Text(
              0400,
              t ->
                  "rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\n"
                      + "cancelled_write_bytes: 0\n",
              null);
      default -> null;
    };
  }

  private long rename(String text) {
    int end = text.indexOf('\n');
    subject().setComm(end < 0 ? text : text.substring(0, end));
    return 0;
  }

  private interface Opening {
    OpenFile open(Process process, Task reader, FileStatus status, String path, int flags);
  }

  private Synthetic special(int permissions, Opening opening) {
    return new Special(
        FileStatus.S_IFREG | permissions,
        0,
        (t, self, path, flags) ->
            opening.open(process, t, self.status(t, 0, path.hashCode()), path, flags));
  }

  /** A link to a name that needs no walking. */
  private Synthetic link(Function<Process, String> path) {
    return new Link(
        t -> {
          String target = path.apply(process);
          String root = t.fs().root();
          String shown = target.startsWith(root) ? target.substring(root.length()) : target;
          return shown.isEmpty() ? "/" : shown;
        },
        t -> {
          String target = path.apply(process);
          if (process.ended()) {
            throw new Failure(Errno.ENOENT);
          }
          return t.machine().fileTree().at(t, target.equals("/") ? "" : target);
        });
  }

  private String limits() {
    StringBuilder text =
        new StringBuilder(
            "Limit                     Soft Limit           Hard Limit           "
                + "Units     \n");
    for (LimitLine line : LIMITS) {
      Limits limits = process.limits();
      text.append(
          "%-25s %-20s %-20s %-10s\n"
              .formatted(
                  line.name,
                  shown(limits.soft(line.resource)),
                  shown(limits.hard(line.resource)),
                  line.unit));
    }
    return text.toString();
  }

  private static String shown(long limit) {
    return limit == -1 ? "unlimited" : Long.toUnsignedString(limit);
  }

  private record LimitLine(int resource, String name, String unit) {}

  private static final List<LimitLine> LIMITS =
      List.of(
          new LimitLine(Limits.RLIMIT_CPU, "Max cpu time", "seconds"),
          new LimitLine(Limits.RLIMIT_FSIZE, "Max file size", "bytes"),
          new LimitLine(Limits.RLIMIT_DATA, "Max data size", "bytes"),
          new LimitLine(Limits.RLIMIT_STACK, "Max stack size", "bytes"),
          new LimitLine(Limits.RLIMIT_CORE, "Max core file size", "bytes"),
          new LimitLine(Limits.RLIMIT_RSS, "Max resident set", "bytes"),
          new LimitLine(Limits.RLIMIT_NPROC, "Max processes", "processes"),
          new LimitLine(Limits.RLIMIT_NOFILE, "Max open files", "files"),
          new LimitLine(Limits.RLIMIT_MEMLOCK, "Max locked memory", "bytes"),
          new LimitLine(Limits.RLIMIT_AS, "Max address space", "bytes"),
          new LimitLine(Limits.RLIMIT_LOCKS, "Max file locks", "locks"),
          new LimitLine(Limits.RLIMIT_SIGPENDING, "Max pending signals", "signals"),
          new LimitLine(Limits.RLIMIT_MSGQUEUE, "Max msgqueue size", "bytes"),
          new LimitLine(Limits.RLIMIT_NICE, "Max nice priority", ""),
          new LimitLine(Limits.RLIMIT_RTPRIO, "Max realtime priority", ""),
          new LimitLine(Limits.RLIMIT_RTTIME, "Max realtime timeout", "us"));

  /** /proc/PID/task. */
  private final class Threads extends Folder {
    Threads() {
      super(0555);
    }

    @Override
    public @Nullable Synthetic child(@Nullable Task viewer, String name) {
      int tid = ProcFolder.number(name);
      for (Task task : process.tasks()) {
        if (task.tid() == tid) {
          return new ProcessFolder(process, task);
        }
      }
      return null;
    }

    @Override
    public List<String> names(@Nullable Task viewer) {
      return process.tasks().stream().map(task -> Integer.toString(task.tid())).toList();
    }
  }

  /** /proc/PID/fd and /proc/PID/fdinfo. */
  private final class Descriptors extends Folder {
    private final boolean info;

    Descriptors(boolean info) {
      super(0500);
      this.info = info;
    }

    @Override
    public @Nullable Synthetic child(@Nullable Task viewer, String name) {
      int fd = ProcFolder.number(name);
      if (fd < 0) {
        return null;
      }
      FileTable files = subject().files();
      OpenFile file = files.find(fd);
      if (file == null) {
        return null;
      }
      file.release();
      return info
          ? new Text(0400, t -> describe(t, files, fd), null)
          : new Link(t -> shown(files, fd), t -> lead(t, files, fd));
    }

    private String shown(FileTable files, int fd) {
      OpenFile file = files.get(fd);
      try {
        String path = file.path();
        return path.isEmpty() ? "/" : path;
      } finally {
        file.release();
      }
    }

    private Place lead(Task viewer, FileTable files, int fd) {
      OpenFile file = files.get(fd);
      var tree = viewer.machine().fileTree();
      return new Place(tree.rootMount(), "", file.path(), file.status(viewer), file);
    }

    private String describe(Task viewer, FileTable files, int fd) {
      OpenFile file = files.get(fd);
      try {
        int cloexec = files.closeOnExec(fd) ? 02000000 : 0;
        int flags = viewer.abi().guestOpenFlags(file.flags() | cloexec);
        long position = Math.max(0, file.seek(viewer, 0, 1));
        long inode = file.status(viewer).inode();
        return "pos:\t%d\nflags:\t0%o\nmnt_id:\t1\nino:\t%d\n%s"
            .formatted(position, flags, inode, file.info(viewer));
      } finally {
        file.release();
      }
    }

    @Override
    public List<String> names(@Nullable Task viewer) {
      List<String> names = new ArrayList<>();
      FileTable files = subject().files();
      for (int fd = files.next(0); fd >= 0; fd = files.next(fd + 1)) {
        names.add(Integer.toString(fd));
      }
      return names;
    }
  }
}
