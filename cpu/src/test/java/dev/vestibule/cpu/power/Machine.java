package dev.vestibule.cpu.power;

import dev.vestibule.cpu.CodeCache;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.Engine;
import dev.vestibule.cpu.GuestMemory;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** One guest architecture twice: our processor in this JVM, and qemu-user's running oracle.c. */
final class Machine implements AutoCloseable {
  private static final Path SOURCES = Path.of("src", "test", "guest");

  /** The guests, and the processor models of qemu-user that come closest to ours. */
  enum Guest {
    PPC(Power.ppc(), "powerpc", "7447a"),
    PPC64(Power.ppc64(), "powerpc64", "power8"),
    PPC64LE(Power.ppc64le(), "powerpc64le", "power8");

    final Power isa;
    final String compiler;
    final String model;

    Guest(Power isa, String triple, String model) {
      this.isa = isa;
      this.compiler = triple + "-linux-gnu-gcc";
      this.model = model;
    }

    String emulator() {
      return "qemu-" + isa.name();
    }

    /** Whether this machine has the compiler and the emulator. */
    boolean available() {
      return installed(compiler) && installed(emulator());
    }

    private static boolean installed(String program) {
      for (String directory : System.getenv("PATH").split(":", -1)) {
        if (Files.isExecutable(Path.of(directory, program))) {
          return true;
        }
      }
      return false;
    }
  }

  private final Guest guest;
  private final Cpu cpu;
  private final Process qemu;
  private final OutputStream in;
  private final DataInputStream out;

  Machine(Guest guest, Path directory, Engine engine) throws IOException, InterruptedException {
    this.guest = guest;
    GuestMemory memory = GuestMemory.reserve(1L << 32, guest.isa.wide(), guest.isa.bigEndian());
    CodeCache cache = new CodeCache(engine, 0);
    memory.onCodeChange(cache);
    int all = GuestMemory.PROT_READ | GuestMemory.PROT_WRITE | GuestMemory.PROT_EXEC;
    memory.mapAnonymous(Trial.CODE, GuestMemory.PAGE_SIZE, all);
    memory.mapAnonymous(Trial.PAGE, GuestMemory.PAGE_SIZE, all & ~GuestMemory.PROT_EXEC);
    ByteBuffer traps = ByteBuffer.allocate(GuestMemory.PAGE_SIZE).order(order(memory));
    while (traps.hasRemaining()) {
      traps.putInt(Trial.TRAP);
    }
    memory.poke(Trial.CODE, traps.array(), 0, GuestMemory.PAGE_SIZE);
    cpu = new Cpu(guest.isa, memory, cache);
    cpu.setSlot(PowerState.FPEXC, 3);
    Path program = build(directory);
    qemu =
        new ProcessBuilder(guest.emulator(), "-cpu", guest.model, program.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    in = qemu.getOutputStream();
    out = new DataInputStream(new BufferedInputStream(qemu.getInputStream(), 1 << 17));
  }

  private Path build(Path directory) throws IOException, InterruptedException {
    Path program = directory.resolve("oracle-" + guest.isa.name());
    List<String> command =
        new ArrayList<>(
            List.of(guest.compiler, "-O1", "-static", "-nostdlib", "-ffreestanding", "-Wall"));
    command.addAll(
        List.of("-fno-stack-protector", "-fno-tree-loop-distribute-patterns", "-fno-pic"));
    command.addAll(List.of("-no-pie", "-Wl,-Ttext-segment=0x5a3c0000", "-mno-altivec", "-mno-vsx"));
    command.add(SOURCES.resolve("oracle.c").toString());
    command.add(SOURCES.resolve("oracle.S").toString());
    command.addAll(List.of("-o", program.toString()));
    Process compiler = new ProcessBuilder(command).inheritIO().start();
    if (compiler.waitFor() != 0) {
      throw new IOException(guest.compiler + " failed");
    }
    return program;
  }

  static ByteOrder order(GuestMemory memory) {
    return memory.bigEndian() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
  }

  Guest guest() {
    return guest;
  }

  Cpu cpu() {
    return cpu;
  }

  /** Runs trials on our processor. */
  List<Trial.Outcome> ours(List<Trial> trials) {
    return trials.stream().map(trial -> trial.run(cpu)).toList();
  }

  /** Runs trials in qemu-user; to be called before the outcomes are awaited. */
  void start(List<Trial> trials) {
    Thread.ofVirtual().start(() -> send(trials));
  }

  /** The outcomes of the trials that were started. */
  List<Trial.Outcome> theirs(List<Trial> trials) {
    List<Trial.Outcome> outcomes = new ArrayList<>();
    try {
      byte[] bytes = new byte[Trial.Outcome.BYTES];
      for (int i = 0; i < trials.size(); i++) {
        out.readFully(bytes);
        outcomes.add(Trial.Outcome.read(ByteBuffer.wrap(bytes).order(order(cpu.memory()))));
      }
      return outcomes;
    } catch (IOException e) {
      throw new UncheckedIOException(
          guest.emulator() + " ended after trial " + outcomes.size() + " of this batch", e);
    }
  }

  private void send(List<Trial> trials) {
    ByteBuffer records =
        ByteBuffer.allocate(trials.size() * Trial.RECORD_BYTES).order(order(cpu.memory()));
    for (Trial trial : trials) {
      trial.write(records);
    }
    try {
      in.write(records.array());
      in.flush();
    } catch (IOException ended) {
      // whoever awaits the outcomes reports it
    }
  }

  @Override
  public void close() {
    qemu.destroy();
    cpu.close();
    cpu.memory().close();
  }
}
