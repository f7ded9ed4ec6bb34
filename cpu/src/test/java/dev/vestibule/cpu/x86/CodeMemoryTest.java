package dev.vestibule.cpu.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vestibule.host.Libc;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Does code that was appended run, whichever way the host maps its memory, and can it be replaced?
 */
class CodeMemoryTest {
  private static final int CAPACITY = 1 << 16;

  @Test
  void codeInFileRuns() {
    check(capacity -> CodeMemory.mapFile(capacity, 0));
  }

  @Test
  void codeInSharedMemoryRuns() {
    check(capacity -> CodeMemory.mapShared(capacity, 0));
  }

  private static void check(IntFunction<@Nullable CodeMemory> map) {
    assumeTrue(Translator.refusal() == null, () -> "" + Translator.refusal());
    CodeMemory memory = map.apply(CAPACITY);
    assertThat(memory).isNotNull();
    if (memory == null) {
      return;
    }
    try (memory) {
      long first = append(memory, 42);
      memory.keep();
      long second = append(memory, 43);
      assertThat(Libc.call(first, 0, 0)).isEqualTo(42);
      assertThat(Libc.call(second, 0, 0)).isEqualTo(43);
      memory.drop();
      assertThat(append(memory, 44)).isEqualTo(second);
      assertThat(Libc.call(first, 0, 0)).isEqualTo(42);
      assertThat(Libc.call(second, 0, 0)).isEqualTo(44);
      assertThat(memory.hasRoom(CAPACITY)).isFalse();
    }
  }

  private static long append(CodeMemory memory, int result) {
    Assembler a = new Assembler();
    a.constant(Assembler.RAX, result);
    a.ret();
    return memory.address(memory.append(a.bytes(), a.size()));
  }
}
