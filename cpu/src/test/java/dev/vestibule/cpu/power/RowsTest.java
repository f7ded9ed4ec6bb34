package dev.vestibule.cpu.power;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.cpu.Block;
import dev.vestibule.cpu.micro.MicroBuilder;
import dev.vestibule.cpu.micro.Op;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * Can every row of the pattern table be built whatever registers it names, and are its faults
 * precise?
 */
class RowsTest {
  private static final long PC = 0x1000;

  /** Builders refuse to read a register behind its write, so building all is the test. */
  @Test
  void everyRowBuildsWithAnyRegisters() {
    List<String> failures = new ArrayList<>();
    for (Table.Row row : Table.ROWS) {
      for (int word : words(row)) {
        for (Machine.Guest guest : Machine.Guest.values()) {
          try {
            build(guest, row, word);
          } catch (RuntimeException | AssertionError e) {
            failures.add(guest + " " + Table.show(word) + ": " + e);
          }
        }
      }
    }
    assertThat(failures).isEmpty();
  }

  /** An access that faults must find the registers as the instruction before left them. */
  @Test
  void nothingIsWrittenBeforeAnAccess() {
    List<String> failures = new ArrayList<>();
    for (Table.Row row : Table.ROWS) {
      for (int word : words(row)) {
        for (Machine.Guest guest : Machine.Guest.values()) {
          if (writesBeforeAccess(build(guest, row, word).code())) {
            failures.add(guest + " " + Table.show(word));
          }
        }
      }
    }
    assertThat(failures).isEmpty();
  }

  private static boolean writesBeforeAccess(long[] code) {
    boolean written = false;
    for (long micro : code) {
      int op = Op.op(micro);
      boolean indexed = op >= Op.LDU8 + Op.INDEXED && op <= Op.ST64LE + Op.INDEXED;
      int plain = indexed ? op - Op.INDEXED : op;
      boolean store =
          plain >= Op.ST8 && plain <= Op.ST64LE || op >= Op.VST128BE && op <= Op.VST32X4LE;
      boolean load = plain >= Op.LDU8 && plain < Op.ST8 || op >= Op.VLD128BE && op < Op.VST128BE;
      boolean control = op >= Op.GOTO && op <= Op.HELP;
      if (written && (store || load)) {
        return true;
      }
      written |= !store && !control && Op.d(micro) < MicroBuilder.TEMPORARIES;
    }
    return false;
  }

  private static Block build(Machine.Guest guest, Table.Row row, int word) {
    PowerBuilder m =
        new PowerBuilder(guest.isa.wide(), guest.isa.bigEndian(), guest.isa.cacheLine());
    m.begin(PC);
    m.instruction(PC);
    PowerDecoder.build(row.number(), word, m);
    return m.finish(PC + 4);
  }

  /** All operands equal, all different, and some at random. */
  private static List<Integer> words(Table.Row row) {
    List<Integer> words = new ArrayList<>();
    for (int same : new int[] {0, 1, 6, 31}) {
      words.add(word(row, n -> same));
    }
    words.add(word(row, n -> 2 * n + 2));
    words.add(word(row, n -> 31 - 3 * n));
    Random random = new Random(row.value());
    for (int i = 0; i < 40; i++) {
      int mask = random.nextBoolean() ? -1 : 3;
      words.add(word(row, n -> random.nextInt() & mask));
    }
    return words;
  }

  private static int word(Table.Row row, IntUnaryOperator value) {
    int word = row.value();
    int n = 0;
    for (Table.Field field : row.operands()) {
      word = field.insert(word, value.applyAsInt(n++));
    }
    return word;
  }
}
