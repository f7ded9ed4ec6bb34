import dev.vestibule.cpu.Engine;
import dev.vestibule.cpu.EngineStatistics;
import dev.vestibule.kernel.Machine;
import dev.vestibule.profile.Profiles;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandles;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntSupplier;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import jdk.jfr.Configuration;
import jdk.jfr.Recording;

/**
 * Do guests' machine code and the JVM live together, whatever the JVM does meanwhile?
 *
 * <p>{@code Stress SECONDS SEED PROGRAM...}, each program as GUEST:PATH:ARGUMENTS separated by
 * commas. Several guests run at a time, each in a machine of its own; beside them threads allocate,
 * collect garbage, overflow their stacks, dereference null, divide by zero, load classes that undo
 * what was compiled, dump threads and record with JFR. Every guest has to end with status 0, before
 * the JVM has used five more minutes of processor time. Counts go to standard error.
 */
final class Stress {
  private static final int GUESTS_AT_A_TIME = 3;
  private static final long LONGEST = 300_000_000_000L;
  private static final long REPORT = 60_000_000_000L;
  private static final int RETAINED = 64;

  private static final Map<String, LongAdder> COUNTS = new ConcurrentHashMap<>();
  private static final Map<String, Long> RUNNING = new ConcurrentHashMap<>();
  private static volatile long end;
  private static volatile int sink;

  private Stress() {}

  /** What is done again and again until the time is over. */
  private interface Action {
    void act() throws Exception;
  }

  public static void main(String[] args) throws Exception {
    long start = System.nanoTime();
    end = start + Long.parseLong(args[0]) * 1_000_000_000L;
    long seed = Long.parseLong(args[1]);
    List<String> programs = List.of(args).subList(2, args.length);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < GUESTS_AT_A_TIME; i++) {
      Random random = new Random(seed + i);
      threads.add(repeat("guest " + i, 0, () -> guest(random, programs)));
    }
    Random random = new Random(seed + GUESTS_AT_A_TIME);
    byte[][] retained = new byte[RETAINED][];
    threads.add(repeat("allocations", 1, () -> allocate(retained, random)));
    threads.add(repeat("collections", 2000, System::gc));
    threads.add(repeat("null pointers", 1, Stress::dereferenceNull));
    threads.add(repeat("divisions by zero", 1, Stress::divideByZero));
    threads.add(repeat("stack overflows", 20, Stress::overflow));
    threads.add(repeat("classes", 50, Stress::loadClass));
    threads.add(repeat("stack traces", 20, () -> Thread.getAllStackTraces()));
    threads.add(repeat("thread dumps", 500, Stress::dumpThreads));
    threads.add(repeat("recordings", 1000, Stress::record));
    for (long next = start + REPORT; System.nanoTime() < end; ) {
      Thread.sleep(200);
      long now = System.nanoTime();
      long used = processorTime();
      RUNNING.forEach((what, since) -> {
        if (used - since > LONGEST) {
          giveUp(what);
        }
      });
      if (now > next) {
        next += REPORT;
        System.err.println("  " + (now - start) / 1_000_000_000L + " s: " + counts());
      }
    }
    for (Thread thread : threads) {
      for (long since = processorTime(); thread.isAlive(); thread.join(200)) {
        if (processorTime() - since > LONGEST) {
          giveUp(thread.getName());
        }
      }
    }
    System.err.println("  in the end: " + counts());
    long failed = COUNTS.getOrDefault("failures", new LongAdder()).sum();
    System.exit(failed == 0 && COUNTS.containsKey("guests") ? 0 : 1);
  }

  private static Thread repeat(String what, long pause, Action action) {
    return Thread.ofPlatform()
        .name(what)
        .start(() -> {
          while (System.nanoTime() < end) {
            try {
              action.act();
              if (pause > 0) {
                count(what);
                Thread.sleep(pause);
              }
            } catch (Throwable e) {
              fail(what + ": " + e);
              e.printStackTrace();
              return;
            }
          }
        });
  }

  private static void count(String what) {
    COUNTS.computeIfAbsent(what, w -> new LongAdder()).increment();
  }

  private static void fail(String what) {
    count("failures");
    System.err.println("  FAIL " + what);
  }

  private static String counts() {
    Map<String, Object> all = new TreeMap<>(COUNTS);
    all.put("code dropped", EngineStatistics.drops());
    all.put("blocks", EngineStatistics.blocks());
    all.put("faults", EngineStatistics.departures(EngineStatistics.Departure.FAULT));
    all.put("processor seconds", processorTime() / 1_000_000_000L);
    return all.toString();
  }

  private static long processorTime() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static void giveUp(String what) {
    System.err.println("  FAIL " + what + " does not end; " + counts());
    Thread.getAllStackTraces()
        .forEach((thread, trace) ->
            System.err.println(thread + "\n    " + Arrays.toString(trace)));
    Runtime.getRuntime().halt(2);
  }

  // ---- guests -----------------------------------------------------------------------------------

  private static void guest(Random random, List<String> programs) throws Exception {
    String[] parts = programs.get(random.nextInt(programs.size())).split(":", -1);
    List<String> argv = new ArrayList<>(List.of(parts[1]));
    if (!parts[2].isEmpty()) {
      argv.addAll(List.of(parts[2].split(",", -1)));
    }
    int preempt = random.nextInt(4) == 0 ? 1 + random.nextInt(1000) : 0;
    String what = parts[0] + " " + String.join(" ", argv) + " preempted " + preempt + "/s";
    String key = Thread.currentThread().getName() + ": " + what;
    RUNNING.put(key, processorTime());
    Machine.Builder builder =
        Machine.builder(Profiles.load(parts[0] + "-6.1")).engine(Engine.TRANSLATE);
    if (preempt > 0) {
      builder.cpus(1 + random.nextInt(3)).preemptRate(preempt);
    }
    try (Machine machine = builder.build()) {
      int status = machine.run(parts[1], argv, List.of(), "/tmp");
      if (status != 0) {
        fail(what + ": status " + status);
      }
    }
    RUNNING.remove(key);
    count("guests");
  }

  // ---- what the JVM has to do meanwhile -----------------------------------------------------------

  private static void allocate(byte[][] retained, Random random) {
    for (int i = 0; i < 100; i++) {
      retained[random.nextInt(RETAINED)] = new byte[random.nextInt(1 << random.nextInt(8, 20))];
    }
  }

  private static void dereferenceNull() {
    for (int i = 0; i < 100; i++) {
      int[] none = i >= 0 ? null : new int[1];
      try {
        sink += none.length;
      } catch (NullPointerException expected) {
        sink++;
      }
    }
  }

  private static void divideByZero() {
    for (int i = 0; i < 100; i++) {
      try {
        sink += i / (i - i);
      } catch (ArithmeticException expected) {
        sink++;
      }
    }
  }

  private static void overflow() {
    try {
      sink += deeper(0);
    } catch (StackOverflowError expected) {
      sink++;
    }
  }

  private static int deeper(int depth) {
    return deeper(depth + 1) + 1;
  }

  /** One more class with another method of the same name: what was compiled for fewer is undone. */
  private static void loadClass() throws Exception {
    ClassDesc supplier = ClassDesc.of("java.util.function.IntSupplier");
    byte[] bytes =
        ClassFile.of()
            .build(
                ClassDesc.of("StressMore"),
                type ->
                    type.withInterfaceSymbols(supplier)
                        .withMethodBody(
                            "<init>",
                            MethodTypeDesc.of(ConstantDescs.CD_void),
                            ClassFile.ACC_PUBLIC,
                            code ->
                                code.aload(0)
                                    .invokespecial(
                                        ConstantDescs.CD_Object,
                                        "<init>",
                                        MethodTypeDesc.of(ConstantDescs.CD_void))
                                    .return_())
                        .withMethodBody(
                            "getAsInt",
                            MethodTypeDesc.of(ConstantDescs.CD_int),
                            ClassFile.ACC_PUBLIC,
                            code -> code.loadConstant(7).ireturn()));
    Class<?> made = MethodHandles.lookup().defineHiddenClass(bytes, true).lookupClass();
    IntSupplier more = (IntSupplier) made.getDeclaredConstructor().newInstance();
    for (int i = 0; i < 20_000; i++) {
      sink += call(more);
    }
  }

  private static int call(IntSupplier supplier) {
    return supplier.getAsInt();
  }

  private static void dumpThreads() throws Exception {
    MBeanServer server = ManagementFactory.getPlatformMBeanServer();
    ObjectName commands = new ObjectName("com.sun.management:type=DiagnosticCommand");
    Object[] arguments = {new String[] {"-l"}};
    String[] signature = {String[].class.getName()};
    sink += ((String) server.invoke(commands, "threadPrint", arguments, signature)).length();
  }

  private static void record() throws Exception {
    Path file = Files.createTempFile("stress", ".jfr");
    try (Recording recording = new Recording(Configuration.getConfiguration("profile"))) {
      recording.start();
      Thread.sleep(2000);
      recording.stop();
      recording.dump(file);
      if (Files.size(file) == 0) {
        throw new IOException("an empty recording");
      }
    } finally {
      Files.delete(file);
    }
  }
}
