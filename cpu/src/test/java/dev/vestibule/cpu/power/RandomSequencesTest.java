package dev.vestibule.cpu.power;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vestibule.cpu.Engine;
import dev.vestibule.cpu.Stop;
import dev.vestibule.cpu.fp.Fpscr;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Do random sequences of instructions do on our processor what they do on qemu-user's?
 *
 * <p>{@code -Dsequences.instructions=10000000} is the nightly form, {@code -Dsequences.seed=N}
 * replays from one seed, {@code -Dsequences.owners=VectorFloat,Logic} keeps to some classes of
 * rows, {@code -Dsequences.guest=PPC64} to one guest, {@code -Dsequences.failures=8} goes on behind
 * the first failure. A failure prints its seed and the shortest sequence that still fails.
 */
class RandomSequencesTest {
  /** Who executes; overridden by {@link TranslatedTest}. */
  Engine engine() {
    return Engine.INTERPRET;
  }

  private static final int BATCH = 256;
  private static final int SIGSEGV = 11;

  @TempDir private @Nullable Path directory;

  @ParameterizedTest
  @EnumSource
  void sequencesAgreeWithQemu(Machine.Guest guest) throws Exception {
    assumeTrue(guest.available(), () -> guest.compiler + " and " + guest.emulator() + " needed");
    String only = System.getProperty("sequences.guest", guest.name());
    assumeTrue(only.equals(guest.name()), () -> "only " + only);
    long first = Long.getLong("sequences.seed", 20_250_101L + guest.ordinal() * 1_000_000_000L);
    long wanted = Long.getLong("sequences.instructions", 100_000L);
    int most = Integer.getInteger("sequences.failures", 1);
    String owners = System.getProperty("sequences.owners", "");
    Generator generator =
        new Generator(guest, owners.isEmpty() ? Set.of() : Set.of(owners.split(",", -1)));
    assumeTrue(!generator.rows().isEmpty(), () -> guest.model + " has none of these");
    List<String> failures = new ArrayList<>();
    try (Machine machine = machine(guest)) {
      long instructions = 0;
      for (long seed = first; instructions < wanted; seed += BATCH) {
        List<Trial> trials = new ArrayList<>();
        for (int i = 0; i < BATCH; i++) {
          Trial trial = generator.trial(seed + i);
          instructions += trial.words().length;
          trials.add(trial);
        }
        machine.start(trials);
        List<Trial.Outcome> ours = machine.ours(trials);
        List<Trial.Outcome> theirs = machine.theirs(trials);
        // A store into the oracle may hit trials it has yet to run and outcomes it has yet to tell.
        boolean strayed = ours.stream().anyMatch(o -> QemuDeviations.oracle(guest, o));
        for (int i = 0; i < BATCH && failures.size() < most; i++) {
          if (!differences(guest, ours.get(i), theirs.get(i)).isEmpty()
              && !QemuDeviations.oracle(guest, ours.get(i))
              && !undefined(machine, trials.get(i))
              && !(strayed && differences(machine, trials.get(i)).isEmpty())) {
            failures.add(report(machine, trials.get(i), ours.get(i), theirs.get(i)));
          }
        }
        if (failures.size() >= most) {
          break;
        }
      }
    }
    if (!failures.isEmpty()) {
      fail(String.join("\n", failures));
    }
  }

  private Machine machine(Machine.Guest guest) throws IOException, InterruptedException {
    Path to = directory;
    if (to == null) {
      throw new IllegalStateException();
    }
    return new Machine(guest, to, engine());
  }

  /** Whether some instruction of the sequence does what the book leaves undefined. */
  private static boolean undefined(Machine machine, Trial trial) {
    var cpu = machine.cpu();
    trial.load(cpu);
    int[] words = Arrays.copyOf(trial.words(), Trial.WORDS);
    Arrays.fill(words, trial.words().length, Trial.WORDS, Trial.TRAP);
    long raised = 0;
    for (int steps = 0; steps < 2 * Trial.WORDS; steps++) {
      long k = cpu.pc() - Trial.CODE >> 2;
      if (k < 0 || k >= Trial.WORDS || words[(int) k] == Trial.TRAP) {
        return false;
      }
      int word = words[(int) k];
      Table.Row row = Table.of(word);
      if (row != null && QemuDeviations.undefined(row, word, cpu)) {
        return true;
      }
      ByteBuffer alone = alone(machine, word, (int) k);
      cpu.memory().poke(Trial.CODE, alone.array(), 0, alone.capacity());
      long before = cpu.pc();
      Trial.Registers registers = Trial.Registers.of(cpu);
      boolean more = cpu.run() == Stop.TRAP && cpu.pc() != before;
      raised |= registers.fpscr & Fpscr.EXCEPTIONS;
      takeWritten(machine, alone, words);
      if (row != null
          && FloatDeviations.differs(row, word, raised, registers, Trial.Registers.of(cpu))) {
        return true;
      }
      if (!more) {
        return false;
      }
    }
    return false;
  }

  /** Code of one instruction between traps. */
  private static ByteBuffer alone(Machine machine, int word, int at) {
    ByteBuffer code = ByteBuffer.allocate(4 * Trial.WORDS);
    code.order(Machine.order(machine.cpu().memory()));
    for (int i = 0; i < Trial.WORDS; i++) {
      code.putInt(4 * i, i == at ? word : Trial.TRAP);
    }
    return code;
  }

  /** Notes what an instruction has written over others. */
  private static void takeWritten(Machine machine, ByteBuffer before, int[] words) {
    byte[] bytes = new byte[before.capacity()];
    machine.cpu().memory().peek(Trial.CODE, bytes, 0, bytes.length);
    ByteBuffer now = ByteBuffer.wrap(bytes).order(before.order());
    for (int i = 0; i < words.length; i++) {
      if (now.getInt(4 * i) != before.getInt(4 * i)) {
        words[i] = now.getInt(4 * i);
      }
    }
  }

  private static String report(
      Machine machine, Trial trial, Trial.Outcome ours, Trial.Outcome theirs) {
    if (differences(machine, trial).isEmpty()) {
      return "%s: -Dsequences.seed=%d differs only behind other trials: %s"
          .formatted(machine.guest(), trial.seed(), differences(machine.guest(), ours, theirs));
    }
    Trial least = trial;
    for (boolean smaller = true; smaller; ) {
      smaller = false;
      for (int i = 0; i < least.words().length; i++) {
        if (least.words()[i] != 0x6000_0000) {
          Trial less = least.without(i);
          if (!differences(machine, less).isEmpty() && !undefined(machine, less)) {
            least = less;
            smaller = true;
          }
        }
      }
    }
    StringBuilder text = new StringBuilder();
    text.append("%s: -Dsequences.seed=%d%n".formatted(machine.guest(), trial.seed()));
    for (int i = 0; i < least.words().length; i++) {
      if (least.words()[i] != 0x6000_0000) {
        text.append("  +%02d %s%n".formatted(4 * i, Table.show(least.words()[i])));
      }
    }
    differences(machine, least).forEach(line -> text.append("    ").append(line).append('\n'));
    registers(least, text);
    return text.toString();
  }

  /** The initial values of the registers that the sequence names. */
  private static void registers(Trial trial, StringBuilder text) {
    Trial.Registers r = trial.registers();
    for (int word : trial.words()) {
      Table.Row row = Table.of(word);
      if (row == null || word == 0x6000_0000) {
        continue;
      }
      text.append("    with");
      for (Table.Field field : row.operands()) {
        int n = field.extract(word);
        String name = field.name();
        if (name.matches("r[tsabc]") && n < 32) {
          text.append(" r%d=%x".formatted(n, r.gpr[n]));
        } else if (name.matches("(vr|fr|x)[tsabc]")) {
          int vsr = name.startsWith("vr") ? n + 32 : n;
          text.append(" vs%d=%016x:%016x".formatted(vsr, r.vsr[2 * vsr], r.vsr[2 * vsr + 1]));
        }
      }
      text.append(" cr=%x xer=%x vscr=%x fpscr=%x%n".formatted(r.cr, r.xer, r.vscr, r.fpscr));
    }
  }

  private static List<String> differences(Machine machine, Trial trial) {
    machine.start(List.of(trial));
    Trial.Outcome ours = trial.run(machine.cpu());
    return differences(machine.guest(), ours, machine.theirs(List.of(trial)).get(0));
  }

  private static List<String> differences(
      Machine.Guest guest, Trial.Outcome ours, Trial.Outcome theirs) {
    List<String> found = new ArrayList<>();
    boolean wide = guest.isa.wide();
    long word = wide ? -1L : 0xffff_ffffL;
    compare(found, "signal", ours.signal(), theirs.signal());
    compare(found, "nip", ours.nip() & word, theirs.nip() & word);
    // Of a failing fetch qemu tells some earlier address; of one that reaches beyond 47 bits none.
    boolean fetch = ours.nip() == ours.address();
    if (ours.signal() == SIGSEGV && !fetch && ours.address() + 15 >>> 47 == 0) {
      compare(found, "address", ours.address() & word, theirs.address() & word);
    }
    Trial.Registers a = ours.registers();
    Trial.Registers b = theirs.registers();
    for (int n = 0; n < 32; n++) {
      compare(found, "r" + n, a.gpr[n] & word, b.gpr[n] & word);
    }
    for (int n = 0; n < 64; n++) {
      compare(found, "vs" + n + "[0]", a.vsr[2 * n], b.vsr[2 * n]);
      if (wide || n >= 32) {
        compare(found, "vs" + n + "[1]", a.vsr[2 * n + 1], b.vsr[2 * n + 1]);
      }
    }
    compare(found, "lr", a.lr & word, b.lr & word);
    compare(found, "ctr", a.ctr & word, b.ctr & word);
    compare(found, "xer", a.xer & 0xe000_007fL, b.xer & 0xe000_007fL);
    compare(found, "cr", a.cr, b.cr & 0xffff_ffffL);
    compare(found, "fpscr", a.fpscr & word & ~Fpscr.FR, FloatDeviations.fpscr(b) & word);
    compare(found, "vscr", a.vscr, b.vscr);
    compare(found, "vrsave", a.vrsave & 0xffff_ffffL, b.vrsave & 0xffff_ffffL);
    if (wide) {
      compare(found, "tar", a.tar, b.tar);
    }
    if (!Arrays.equals(ours.pad(), theirs.pad())) {
      for (int i = 0; i < ours.pad().length; i++) {
        compare(found, "pad+" + 8 * i, ours.pad()[i], theirs.pad()[i]);
      }
    }
    compare(found, "memory beside the pad", ours.rest(), theirs.rest());
    return found;
  }

  private static void compare(List<String> found, String what, long ours, long theirs) {
    if (ours != theirs) {
      found.add("%s: ours %x, qemu's %x".formatted(what, ours, theirs));
    }
  }
}
