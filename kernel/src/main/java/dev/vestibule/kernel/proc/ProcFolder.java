package dev.vestibule.kernel.proc;

import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.Synthetic;
import dev.vestibule.kernel.time.GuestTimes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What is in /proc? The processes, and texts about the system. */
public final class ProcFolder extends Synthetic.Folder {
  private final Machine machine;
  private final FixedFolder fixed = new FixedFolder();
  private final int processors;
  private final String bootId;

  /**
   * @param processors how many the guest sees
   */
  public ProcFolder(Machine machine, int processors) {
    super(0555);
    this.machine = machine;
    this.processors = processors;
    this.bootId = new UUID(machine.random(), machine.random()).toString();
    links();
    texts();
    fixed.with("sys", system());
    fixed.with("sysvipc", new FixedFolder());
  }

  private void links() {
    fixed.with("self", new Link(t -> Integer.toString(t.process().pid())));
    fixed.with("thread-self", new Link(t -> t.process().pid() + "/task/" + t.tid()));
    fixed.with("mounts", new Link(t -> "self/mounts"));
    fixed.with("net", new Link(t -> "self/net"));
  }

  private void text(String name, Words words) {
    fixed.with(name, new Text(words));
  }

  private void texts() {
    text("cpuinfo", t -> machine.profile().cpu().cpuinfo(processors));
    text("meminfo", t -> host("/proc/meminfo"));
    text("loadavg", t -> loadAverage());
    text("uptime", t -> uptime());
    text("stat", t -> statistics());
    text("version", t -> version());
    text("filesystems", t -> "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tdevpts\n\text4\n");
    text("cmdline", t -> "\n");
    text("devices", t -> "Character devices:\n  1 mem\n  5 /dev/tty\n136 pts\n\nBlock devices:\n");
    text("misc", t -> "");
    text("modules", t -> "");
    text("partitions", t -> "major minor  #blocks  name\n\n");
    text("swaps", t -> "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    text("interrupts", t -> "");
    text("vmstat", t -> "nr_free_pages 0\npgfault 0\n");
    text("cgroups", t -> "#subsys_name\thierarchy\tnum_cgroups\tenabled\n");
  }

  /** A text of the host that tells nothing but quantities. */
  private static String host(String path) {
    try {
      return Files.readString(Path.of(path), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  private String loadAverage() {
    String[] parts = host("/proc/loadavg").split(" ");
    String load =
        parts.length < 3 ? "0.00 0.00 0.00" : String.join(" ", parts[0], parts[1], parts[2]);
    int newest = machine.processes().stream().mapToInt(Process::pid).max().orElse(1);
    return load + " 1/" + machine.taskCount() + " " + newest + "\n";
  }

  private String uptime() {
    long hundredths = machine.time().monotonic() / (GuestTimes.SECOND / 100);
    return "%d.%02d %d.00\n".formatted(hundredths / 100, hundredths % 100, hundredths / 100);
  }

  private String statistics() {
    long ticks = machine.time().monotonic() / (GuestTimes.SECOND / 100);
    StringBuilder text = new StringBuilder();
    String idle = " 0 0 0 " + ticks + " 0 0 0 0 0 0\n";
    text.append("cpu ").append(" 0 0 0 ").append(ticks * processors).append(" 0 0 0 0 0 0\n");
    for (int n = 0; n < processors; n++) {
      text.append("cpu").append(n).append(idle);
    }
    long boot = (machine.time().realtime() - machine.time().monotonic()) / GuestTimes.SECOND;
    text.append("intr 0\nctxt 0\nbtime ").append(boot).append('\n');
    text.append("processes ").append(machine.processes().size()).append('\n');
    return text.append("procs_running 1\nprocs_blocked 0\nsoftirq 0\n").toString();
  }

  private String version() {
    var uname = machine.profile().uname();
    return "Linux version " + uname.release() + " (vestibule) " + uname.version() + "\n";
  }

  // ---- /proc/sys

  private Synthetic system() {
    FixedFolder kernel = new FixedFolder();
    var uname = machine.profile().uname();
    constant(kernel, "osrelease", uname.release());
    constant(kernel, "ostype", uname.sysname());
    constant(kernel, "version", uname.version());
    constant(kernel, "hostname", machine.settings().nodeName());
    constant(kernel, "domainname", "(none)");
    constant(kernel, "pid_max", "4194304");
    constant(kernel, "threads-max", Integer.toString(machine.settings().mostTasks()));
    constant(kernel, "cap_last_cap", "40");
    constant(kernel, "ngroups_max", "65536");
    constant(kernel, "overflowuid", "65534");
    constant(kernel, "overflowgid", "65534");
    constant(kernel, "randomize_va_space", machine.randomizes() ? "2" : "0");
    constant(kernel, "core_pattern", "core");
    constant(kernel, "tainted", "0");
    constant(kernel, "shmmax", "18446744073692774399");
    constant(kernel, "msgmax", "8192");
    constant(kernel, "sem", "32000\t1024000000\t500\t32000");
    FixedFolder random = new FixedFolder();
    constant(random, "boot_id", bootId);
    random.with("uuid", new Text(t -> new UUID(machine.random(), machine.random()) + "\n"));
    constant(random, "entropy_avail", "256");
    constant(random, "poolsize", "256");
    kernel.with("random", random);
    FixedFolder vm = new FixedFolder();
    constant(vm, "overcommit_memory", "0");
    constant(vm, "max_map_count", "65530");
    constant(vm, "mmap_min_addr", Long.toString(machine.profile().memory().minAddress()));
    FixedFolder fs = new FixedFolder();
    constant(fs, "file-max", "9223372036854775807");
    constant(fs, "nr_open", "1048576");
    constant(fs, "pipe-max-size", "1048576");
    FixedFolder core = new FixedFolder();
    constant(core, "somaxconn", "4096");
    FixedFolder net = new FixedFolder().with("core", core);
    return new FixedFolder().with("kernel", kernel).with("vm", vm).with("fs", fs).with("net", net);
  }

  private static void constant(FixedFolder folder, String name, String value) {
    folder.with(name, new Text(t -> value + "\n"));
  }

  // ---- processes

  @Override
  public @Nullable Synthetic child(@Nullable Task task, String name) {
    int pid = number(name);
    if (pid < 0) {
      return fixed.child(task, name);
    }
    Process process = machine.process(pid);
    if (process != null) {
      return new ProcessFolder(process, null);
    }
    Task thread = machine.task(pid);
    return thread == null ? null : new ProcessFolder(thread.process(), null);
  }

  /** A decimal number without leading zeros, or -1. */
  static int number(String name) {
    if (name.isEmpty() || name.length() > 9 || name.charAt(0) == '0') {
      return name.equals("0") ? 0 : -1;
    }
    for (int i = 0; i < name.length(); i++) {
      if (name.charAt(i) < '0' || name.charAt(i) > '9') {
        return -1;
      }
    }
    return Integer.parseInt(name, 0, name.length(), 10);
  }

  @Override
  public List<String> names(@Nullable Task task) {
    List<String> names = new ArrayList<>(fixed.names(task));
    for (Process process : machine.processes()) {
      names.add(Integer.toString(process.pid()));
    }
    return names;
  }
}
