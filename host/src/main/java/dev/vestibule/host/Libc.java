package dev.vestibule.host;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;

/**
 * How does Java make a Linux system call?
 *
 * <p>Through libc's {@code syscall(2)} with seven longs: one downcall shape for everything, because
 * each further shape costs milliseconds at start. The result is the kernel's own convention: a
 * value, or a negated errno in -4095..-1.
 */
public final class Libc {
  private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
  private static final long ERRNO_OFFSET =
      CAPTURE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));
  private static final MemorySegment SYSCALL =
      Linker.nativeLinker().defaultLookup().findOrThrow("syscall");
  private static final MethodHandle CALL =
      Linker.nativeLinker()
          .downcallHandle(
              FunctionDescriptor.of(
                  JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                  JAVA_LONG),
              Linker.Option.captureCallState("errno"));
  private static final ThreadLocal<MemorySegment> STATE =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURE));

  private Libc() {}

  /**
   * Makes system call {@code number} of the host's own table.
   *
   * @return the kernel's result: a value, or -errno (host numbering) in -4095..-1
   */
  public static long syscall(long number, long a, long b, long c, long d, long e, long f) {
    MemorySegment state = STATE.get();
    try {
      long result = (long) CALL.invokeExact(SYSCALL, state, number, a, b, c, d, e, f);
      return result == -1 ? -HostMemory.i32le(state.address() + ERRNO_OFFSET) : result;
    } catch (Throwable t) {
      throw new AssertionError("syscall downcall", t);
    }
  }

  /**
   * Calls machine code with the same shape: two arguments and a result in the host's C convention.
   * The thread counts as being outside Java meanwhile, so garbage collection does not wait for it.
   */
  public static long call(MemorySegment code, long a, long b) {
    try {
      return (long) CALL.invokeExact(code, STATE.get(), a, b, 0L, 0L, 0L, 0L, 0L);
    } catch (Throwable t) {
      throw new AssertionError("downcall", t);
    }
  }

  public static long syscall(long number) {
    return syscall(number, 0, 0, 0, 0, 0, 0);
  }

  public static long syscall(long number, long a) {
    return syscall(number, a, 0, 0, 0, 0, 0);
  }

  public static long syscall(long number, long a, long b) {
    return syscall(number, a, b, 0, 0, 0, 0);
  }

  public static long syscall(long number, long a, long b, long c) {
    return syscall(number, a, b, c, 0, 0, 0);
  }

  public static long syscall(long number, long a, long b, long c, long d) {
    return syscall(number, a, b, c, d, 0, 0);
  }

  public static long syscall(long number, long a, long b, long c, long d, long e) {
    return syscall(number, a, b, c, d, e, 0);
  }
}
