package dev.vestibule.kernel;

import dev.vestibule.cpu.Engine;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.HostMount;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.Profiles;
import java.util.Arrays;
import java.util.List;

/** Runs one guest program: {@code PROFILE [-L SYSROOT | -R ROOT] PROGRAM ARG...}. */
final class RunGuest {
  private RunGuest() {}

  public static void main(String[] args) throws Exception {
    KernelProfile profile = Profiles.load(args[0]);
    boolean sysroot = args[1].equals("-L");
    boolean root = args[1].equals("-R");
    List<String> argv = Arrays.asList(args).subList(sysroot || root ? 3 : 1, args.length);
    List<String> trees = root ? List.of(args[2]) : sysroot ? List.of(args[2], "/") : List.of("/");
    boolean trace = System.getenv("TRACE") != null;
    Machine machine =
        Machine.builder(profile)
            .settings(Machine.Settings.defaults().withDebug(true))
            .fileTree(new FileTree(HostMount.of(trees)))
            .engine(Engine.valueOf(System.getProperty("engine", "AUTO")))
            .listener(trace ? new Tracer() : new KernelListener() {})
            .build();
    List<String> env =
        System.getenv().entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList();
    int status = machine.run(argv.get(0), argv, env, root ? "/" : System.getProperty("user.dir"));
    System.out.flush();
    System.err.println("status 0x" + Integer.toHexString(status));
    System.exit(status >> 8);
  }

  private static final class Tracer implements KernelListener {
    @Override
    public void syscallExit(Task task, SyscallRow row, long[] arguments, long result) {
      StringBuilder line = new StringBuilder(task.tid() + " " + row.names().get(0) + "(");
      for (int i = 0; i < row.kinds().size(); i++) {
        line.append(i == 0 ? "0x" : ", 0x").append(Long.toHexString(arguments[i]));
      }
      System.err.println(
          line
              + ") = "
              + (result < 0 && result > -4096
                  ? "-" + Errno.name((int) -result)
                  : "0x" + Long.toHexString(result)));
    }

    @Override
    public void unknownSyscall(Task task, long number, long[] registers) {
      System.err.println(task.tid() + " ? " + task.machine().syscalls().name(number));
    }

    @Override
    public void signal(Task task, SigInfo info, boolean handled) {
      System.err.println(task.tid() + " --- " + info + " pc=" + Long.toHexString(task.cpu().pc()));
    }
  }
}
