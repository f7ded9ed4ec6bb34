package dev.vestibule.cpu.power;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DisassemblerTest {
  private static final int WORDS_PER_ROW = 80;

  @TempDir Path dir;

  /** Every row with random operands, half of them with many zeros and ones. */
  static int[] words(Random random) {
    List<Integer> words = new ArrayList<>();
    for (int row = 0; row < PowerDecoder.Rows.ASM.length; row++) {
      for (int n = 0; n < WORDS_PER_ROW; n++) {
        int bits = random.nextInt();
        bits = n % 4 == 0 ? bits & random.nextInt() & random.nextInt() : bits;
        bits = n % 4 == 1 ? bits | random.nextInt() | random.nextInt() : bits;
        int open = ~PowerDecoder.Rows.MASK[row] & ~Syntax.rows().get(row).reserved();
        words.add(PowerDecoder.Rows.VALUE[row] | bits & open);
      }
    }
    return words.stream().mapToInt(Integer::intValue).toArray();
  }

  @Test
  void writesWordsAsObjdumpDoes() {
    Binutils.assume();
    long seed = Long.getLong("seed", 20);
    int[] words = words(new Random(seed));
    List<String> expected = Binutils.disassemble(dir, words);
    assertThat(expected).hasSize(words.length);
    List<String> differences = new ArrayList<>();
    for (int i = 0; i < words.length; i++) {
      String ours = Disassembler.disassemble(words[i], 4L * i);
      if (!ours.equals(expected.get(i)) && !Agreed.differs(words[i], ours, expected.get(i))) {
        differences.add("%08x: %s, objdump: %s".formatted(words[i], ours, expected.get(i)));
      }
    }
    assertThat(differences).as("seed %d", seed).isEmpty();
  }
}
