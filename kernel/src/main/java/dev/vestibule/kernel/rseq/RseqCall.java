package dev.vestibule.kernel.rseq;

import dev.vestibule.kernel.Errno;
import org.jspecify.annotations.Nullable;

/**
 * One call of rseq(2): what was asked for by whom, and what became of it?
 *
 * @param caller where the code lies
 * @param threadOffset the area's address less the thread pointer
 * @param before what the thread had registered, or null
 * @param owner the call that had registered it, or null
 * @param result 0 or a negated errno
 * @param refused whether the machine's arbiter, not the kernel, has answered
 */
public record RseqCall(
    int tid,
    boolean registers,
    long area,
    int length,
    int signature,
    Caller caller,
    long threadOffset,
    Rseq.@Nullable Registration before,
    @Nullable RseqCall owner,
    long result,
    boolean refused) {

  private static final int UNREGISTER = 1;

  /** Addresses of the instruction behind the call, and where its function returns to. */
  record Caller(long pc, long returnsTo) {}

  /** A call that is about to be made. */
  static RseqCall of(
      int tid,
      long area,
      int length,
      int flags,
      int signature,
      Caller caller,
      long threadOffset,
      Rseq.@Nullable Registration before,
      @Nullable RseqCall owner) {
    boolean registers = (flags & UNREGISTER) == 0;
    return new RseqCall(
        tid, registers, area, length, signature, caller, threadOffset, before, owner, 0, false);
  }

  RseqCall with(long value, boolean refusal) {
    return new RseqCall(
        tid,
        registers,
        area,
        length,
        signature,
        caller,
        threadOffset,
        before,
        owner,
        value,
        refusal);
  }

  /** For people: what was asked for, and the error if it failed. */
  public String text() {
    String what = registers ? "register" : "unregister";
    String of = " 0x" + Long.toHexString(area) + ", " + Integer.toUnsignedLong(length);
    return what + of + (result == 0 ? "" : ": " + Errno.name((int) -result));
  }
}
