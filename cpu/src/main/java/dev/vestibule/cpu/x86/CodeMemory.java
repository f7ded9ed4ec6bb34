package dev.vestibule.cpu.x86;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Where does machine code lie?
 *
 * <p>In shared memory that is mapped twice, writable here and executable there, so that no page is
 * ever both (hosts with SELinux or systemd's MemoryDenyWriteExecute refuse that). Offsets are the
 * same in both views.
 */
final class CodeMemory implements AutoCloseable {
  private static final int READ_WRITE = 3;
  private static final int READ_EXECUTE = 5;
  private static final int SHARED_NORESERVE = 0x4001;
  private static final int ANONYMOUS = 0x20;
  private static final int FIXED = 0x10;
  private static final int MAY_MOVE = 1;
  private static final int MOVE_FIXED = 2;
  private static final int CLOSE_ON_EXEC = 1;
  private static final int EXECUTABLE = 0x10; // MFD_EXEC, since Linux 6.3
  private static final int EINVAL = 22;

  private final long writable;
  private final long executable;
  private final int capacity;
  private final boolean watched;
  private int used;
  private int kept;

  private CodeMemory(long writable, long executable, int capacity, boolean watched) {
    this.watched = watched;
    this.writable = writable;
    this.executable = executable;
    this.capacity = capacity;
  }

  /**
   * Reserves room for code, which costs no memory until it is used; null if the host refuses.
   *
   * @param capacity in bytes, {@link FaultHandler#PLACE} at most
   * @param watched whether the fault handler shall know the code
   */
  static @Nullable CodeMemory reserve(int capacity, boolean watched) {
    long place = watched ? FaultHandler.instance().take() : 0;
    if (place < 0) {
      return null;
    }
    CodeMemory memory = map(capacity, place);
    if (memory == null && watched) {
      FaultHandler.instance().release(place);
    }
    return memory;
  }

  private static @Nullable CodeMemory map(int capacity, long place) {
    CodeMemory memory = mapFile(capacity, place);
    return memory != null ? memory : mapShared(capacity, place);
  }

  /** Of a memfd; hosts may refuse those that are executable (vm.memfd_noexec), or their size. */
  static @Nullable CodeMemory mapFile(int capacity, long place) {
    byte[] name = "vestibule-code".getBytes(StandardCharsets.US_ASCII);
    long path = HostMemory.allocate(name.length + 1);
    HostMemory.copyIn(name, 0, path, name.length);
    long fd = Libc.syscall(HostCalls.MEMFD_CREATE, path, CLOSE_ON_EXEC | EXECUTABLE);
    if (fd == -EINVAL) {
      fd = Libc.syscall(HostCalls.MEMFD_CREATE, path, CLOSE_ON_EXEC);
    }
    HostMemory.free(path);
    if (fd < 0) {
      return null;
    }
    CodeMemory memory = null;
    if (Libc.syscall(HostCalls.FTRUNCATE, fd, capacity) == 0) {
      int flags = SHARED_NORESERVE;
      long write = Libc.syscall(HostCalls.MMAP, 0, capacity, READ_WRITE, flags, fd, 0);
      flags |= place == 0 ? 0 : FIXED;
      long run = Libc.syscall(HostCalls.MMAP, place, capacity, READ_EXECUTE, flags, fd, 0);
      memory = of(write, run, capacity, place);
    }
    Libc.syscall(HostCalls.CLOSE, fd);
    return memory;
  }

  /** Of shared anonymous memory: mremap(2) of none of its pages maps them once more. */
  static @Nullable CodeMemory mapShared(int capacity, long place) {
    int flags = SHARED_NORESERVE | ANONYMOUS;
    long write = Libc.syscall(HostCalls.MMAP, 0, capacity, READ_WRITE, flags, -1, 0);
    if (failed(write)) {
      return null;
    }
    flags = place == 0 ? MAY_MOVE : MAY_MOVE | MOVE_FIXED;
    long run = Libc.syscall(HostCalls.MREMAP, write, 0, capacity, flags, place);
    if (!failed(run) && Libc.syscall(HostCalls.MPROTECT, run, capacity, READ_EXECUTE) != 0) {
      if (place == 0) {
        unmap(run, capacity);
      }
      run = -EINVAL;
    }
    return of(write, run, capacity, place);
  }

  private static @Nullable CodeMemory of(long write, long run, int capacity, long place) {
    if (!failed(write) && !failed(run)) {
      return new CodeMemory(write, run, capacity, place != 0);
    }
    unmap(write, capacity);
    if (place == 0) {
      unmap(run, capacity);
    }
    return null;
  }

  private static boolean failed(long result) {
    return Long.compareUnsigned(result, -4096L) > 0;
  }

  private static void unmap(long address, long length) {
    if (!failed(address)) {
      Libc.syscall(HostCalls.MUNMAP, address, length);
    }
  }

  /** Host address where the code at an offset runs. */
  long address(int offset) {
    return executable + offset;
  }

  /** Offset at which {@link #append} will put code. */
  int next() {
    return used;
  }

  /** Keeps what was put here so far whenever the rest is dropped. */
  void keep() {
    kept = used;
  }

  /** Makes room by dropping all code that is not kept; no thread may run it. */
  void drop() {
    used = kept;
  }

  /** Whether more than half of the memory is in use. */
  boolean mostlyUsed() {
    return used > capacity / 2;
  }

  boolean hasRoom(int bytes) {
    return bytes <= capacity - used;
  }

  /** Copies code to {@link #next}; what follows begins at a multiple of 16. */
  int append(byte[] code, int length) {
    int at = used;
    HostMemory.copyIn(code, 0, writable + at, length);
    used = at + length + 15 & -16;
    return at;
  }

  /** Changes the distance of a patchable jump; atomic for threads that run it. */
  void patch32(int offset, int value) {
    HostMemory.put32Volatile(writable + offset, value);
  }

  /** Replaces eight aligned bytes; atomic for threads that run them. */
  void patch64(int offset, long value) {
    HostMemory.putSlotVolatile(writable + offset, value);
  }

  long read64(int offset) {
    return HostMemory.slot(writable + offset);
  }

  /** Gives the memory back; no thread may run its code. */
  @Override
  public void close() {
    unmap(writable, capacity);
    if (watched) {
      FaultHandler.instance().release(executable);
    } else {
      unmap(executable, capacity);
    }
  }
}
