package dev.vestibule.host;

import java.lang.foreign.MemorySegment;

/**
 * How does Java make a Linux system call?
 *
 * <p>By a native method whose machine code the build has written into a small library ({@code
 * cpu.x86.NativeLibrary}), named by the property {@link #LIBRARY}; loading it takes half a
 * millisecond. Where there is none, or the host does not take it, by the JVM's linker of foreign
 * functions ({@link Downcall}), which is as fast once it runs. The result is the kernel's own
 * convention: a value, or a negated errno in -4095..-1.
 */
public final class Libc {
  /** The property that names the library's file. */
  public static final String LIBRARY = "vestibule.library";

  private static final boolean DIRECT = load();

  private Libc() {}

  private static boolean load() {
    String library = System.getProperty(LIBRARY);
    if (library == null) {
      return false;
    }
    try {
      System.load(library);
      return true;
    } catch (UnsatisfiedLinkError e) {
      return false; // another processor, or a file system that forbids execution
    }
  }

  /** Whether the build's library makes the calls. */
  public static boolean direct() {
    return DIRECT;
  }

  private static native long directSyscall(
      long number, long a, long b, long c, long d, long e, long f);

  private static native long directCall(long code, long a, long b);

  private static native long directCounter();

  /**
   * The counter of the host's processor, read in the order of the program.
   *
   * @throws UnsatisfiedLinkError if the library does not make the calls
   */
  static long counter() {
    return directCounter();
  }

  /**
   * Makes system call {@code number} of the host's own table.
   *
   * @return the kernel's result: a value, or -errno (host numbering) in -4095..-1
   */
  public static long syscall(long number, long a, long b, long c, long d, long e, long f) {
    return DIRECT
        ? directSyscall(number, a, b, c, d, e, f)
        : Downcall.syscall(number, a, b, c, d, e, f);
  }

  /**
   * Calls machine code: two arguments and a result in the host's C convention. The thread counts as
   * being outside Java meanwhile, so garbage collection does not wait for it.
   */
  public static long call(MemorySegment code, long a, long b) {
    return DIRECT ? directCall(code.address(), a, b) : Downcall.call(code, a, b);
  }

  /** The same, for code at an address. */
  public static long call(long code, long a, long b) {
    return DIRECT ? directCall(code, a, b) : Downcall.call(MemorySegment.ofAddress(code), a, b);
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
