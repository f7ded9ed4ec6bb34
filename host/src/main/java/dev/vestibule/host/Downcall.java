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
 * How does {@link Libc} make its calls where no library of machine code is at hand?
 *
 * <p>By way of the JVM's linker of foreign functions, to libc's {@code syscall(2)} with seven
 * longs: one shape for everything, because each further shape costs milliseconds at start, and the
 * first one about thirty.
 */
final class Downcall {
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

  private Downcall() {}

  static long syscall(long number, long a, long b, long c, long d, long e, long f) {
    MemorySegment state = STATE.get();
    try {
      long result = (long) CALL.invokeExact(SYSCALL, state, number, a, b, c, d, e, f);
      return result == -1 ? -HostMemory.i32le(state.address() + ERRNO_OFFSET) : result;
    } catch (Throwable t) {
      throw new AssertionError("syscall downcall", t);
    }
  }

  static long call(MemorySegment code, long a, long b) {
    try {
      return (long) CALL.invokeExact(code, STATE.get(), a, b, 0L, 0L, 0L, 0L, 0L);
    } catch (Throwable t) {
      throw new AssertionError("downcall", t);
    }
  }
}
