package dev.vestibule.kernel.exec;

import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.profile.AuxType;
import java.util.List;

/** What finds a new program on its stack: strings, argc, argv, envp, auxiliary vector. */
final class InitialStack {
  private final GuestMemory memory;
  private final GuestAbi abi;
  private final int word;
  private long at;

  /**
   * @param top first address beyond the stack
   */
  InitialStack(GuestMemory memory, GuestAbi abi, long top) {
    this.memory = memory;
    this.abi = abi;
    this.word = abi.wordSize();
    this.at = top - word; // a null word at the very top
  }

  /** Pushes a text with its NUL and returns its address. */
  long text(String text) {
    byte[] bytes = GuestText.bytes(text);
    return bytes(bytes);
  }

  long bytes(byte[] bytes) {
    at -= bytes.length;
    memory.poke(at, bytes, 0, bytes.length);
    return at;
  }

  /** Pushes texts so that the first one lies lowest; returns their addresses. */
  long[] texts(List<String> texts) {
    long[] addresses = new long[texts.size()];
    for (int i = texts.size() - 1; i >= 0; i--) {
      addresses[i] = text(texts.get(i));
    }
    return addresses;
  }

  /** Rounds down, at the places where Linux does. */
  void align(int bytes) {
    at &= -bytes;
  }

  /** Moves down by a random distance. */
  void skip(long bytes) {
    at -= bytes;
  }

  /**
   * Pushes the pointers and the auxiliary vector, AT_NULL added.
   *
   * @return the stack pointer: the address of argc
   */
  long vectors(long[] argv, long[] envp, List<Aux> auxv) {
    int items = argv.length + 1 + envp.length + 1 + 1;
    at -= (auxv.size() + 1) * 2L * word;
    at = (at - (long) items * word) & -16;
    long sp = at;
    long p = put(sp, argv.length);
    for (long address : argv) {
      p = put(p, address);
    }
    p = put(p, 0);
    for (long address : envp) {
      p = put(p, address);
    }
    p = put(p, 0);
    for (Aux aux : auxv) {
      p = put(put(p, aux.type().number()), aux.value());
    }
    put(put(p, AuxType.AT_NULL.number()), 0);
    return sp;
  }

  private long put(long address, long value) {
    abi.storeWord(memory, address, value);
    return address + word;
  }

  /** One entry of the auxiliary vector. */
  record Aux(AuxType type, long value) {}
}
