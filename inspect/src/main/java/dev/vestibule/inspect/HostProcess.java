package dev.vestibule.inspect;

import dev.vestibule.host.AuxiliaryVector;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What can be seen of a live process of the host? Reads /proc (proc(5)) with system calls of its
 * own, and counts them.
 */
public final class HostProcess implements ProcessView, AutoCloseable {
  private static final int AT_FDCWD = -100;
  private static final int CLOSE_ON_EXEC = 0x80000;
  private static final int ENOENT = 2;
  private static final int BUFFER = 1 << 16;

  /** Mappings of a process with a million threads; more is refused. */
  private static final int MOST_TEXT = 256 << 20;

  /** AT_PAGESZ (getauxval(3)): one size for all processes of a kernel. */
  private static final long PAGE_SIZE = AuxiliaryVector.value(6);

  private static final long PRESENT = 1L << 63;
  private static final long FRAME = (1L << 55) - 1;

  private final String pid;
  private final long buffer = HostMemory.allocate(BUFFER);
  private @Nullable List<Mapping> mappings;
  private @Nullable Map<Long, Long> vector;
  private long memory = -1;
  private long pages = -1;
  private int calls;

  /**
   * @param pid decimal number, or {@code self}
   */
  public HostProcess(String pid) {
    this.pid = pid;
  }

  private long call(long number, long a, long b, long c, long d) {
    calls++;
    return Libc.syscall(number, a, b, c, d);
  }

  private long open(String file) {
    byte[] path = ("/proc/" + pid + "/" + file + "\0").getBytes(StandardCharsets.US_ASCII);
    HostMemory.copyIn(path, 0, buffer, path.length);
    return call(HostCalls.OPENAT, AT_FDCWD, buffer, CLOSE_ON_EXEC, 0);
  }

  private byte[] file(String name) throws InspectException {
    long fd = open(name);
    if (fd < 0) {
      throw failure(name, fd);
    }
    byte[] all = new byte[BUFFER];
    int length = 0;
    try {
      while (true) {
        long count = call(HostCalls.READ, fd, buffer, BUFFER, 0);
        if (count < 0) {
          throw failure(name, count);
        }
        if (count == 0) {
          return Arrays.copyOf(all, length);
        }
        if (length + count > MOST_TEXT) {
          throw new InspectException(name(), name + ": more than 256 MiB");
        }
        if (length + count > all.length) {
          all = Arrays.copyOf(all, Math.max(all.length * 2, (int) (length + count)));
        }
        HostMemory.copyOut(buffer, all, length, (int) count);
        length += (int) count;
      }
    } finally {
      call(HostCalls.CLOSE, fd, 0, 0, 0);
    }
  }

  private InspectException failure(String file, long result) {
    if (result == -ENOENT) {
      return new InspectException(name(), "no such process");
    }
    String why =
        switch ((int) -result) {
          case 1, 13 -> "not permitted";
          case 3 -> "the process is gone";
          default -> "error " + -result;
        };
    return new InspectException(name(), file + ": " + why);
  }

  @Override
  public String name() {
    return "pid:" + pid;
  }

  @Override
  public boolean hasNames() {
    return true;
  }

  @Override
  public List<Mapping> mappings() throws InspectException {
    List<Mapping> read = mappings;
    if (read == null) {
      read = new ArrayList<>();
      for (String line : new String(file("maps"), StandardCharsets.UTF_8).split("\n")) {
        Mapping mapping = Mapping.parse(line);
        if (mapping != null) {
          read.add(mapping);
        }
      }
      mappings = List.copyOf(read);
    }
    return read;
  }

  @Override
  public Map<Long, Long> auxiliaryVector() throws InspectException {
    Map<Long, Long> read = vector;
    if (read == null) {
      read = auxiliaryVector(file("auxv"), ByteOrder.nativeOrder());
      vector = read;
    }
    return read;
  }

  /** Pairs of words; a 64-bit vector has zeros where a 32-bit one has values. */
  static Map<Long, Long> auxiliaryVector(byte[] bytes, ByteOrder order) {
    ByteBuffer words = ByteBuffer.wrap(bytes).order(order);
    boolean wide = true;
    for (int at = 0; at + 16 <= bytes.length; at += 16) {
      long type = words.getLong(at);
      wide &= type >= 0 && type < 0x10000;
    }
    Map<Long, Long> vector = new HashMap<>();
    int size = wide ? 8 : 4;
    for (int at = 0; at + 2 * size <= bytes.length; at += 2 * size) {
      long type = wide ? words.getLong(at) : words.getInt(at) & 0xffffffffL;
      long value = wide ? words.getLong(at + 8) : words.getInt(at + 4) & 0xffffffffL;
      if (type == 0) {
        break;
      }
      vector.put(type, value);
    }
    return vector;
  }

  @Override
  public byte[] read(long address, int length) {
    if (memory == -1) {
      memory = open("mem");
    }
    if (memory < 0) {
      return new byte[0];
    }
    byte[] bytes = new byte[length];
    int at = 0;
    while (at < length) {
      int part = Math.min(BUFFER, length - at);
      long count = call(HostCalls.PREAD64, memory, buffer, part, address + at);
      if (count <= 0) {
        break;
      }
      HostMemory.copyOut(buffer, bytes, at, (int) count);
      at += (int) count;
    }
    return at == length ? bytes : Arrays.copyOf(bytes, at);
  }

  @Override
  public long pageFrame(long address) {
    if (pages == -1) {
      pages = open("pagemap");
    }
    if (pages < 0) {
      return UNKNOWN_FRAME;
    }
    if (PAGE_SIZE == 0) {
      return UNKNOWN_FRAME;
    }
    long entry = Long.divideUnsigned(address, PAGE_SIZE) * 8;
    if (call(HostCalls.PREAD64, pages, buffer, 8, entry) != 8) {
      return UNKNOWN_FRAME;
    }
    byte[] word = new byte[8];
    HostMemory.copyOut(buffer, word, 0, 8);
    long value = ByteBuffer.wrap(word).order(ByteOrder.nativeOrder()).getLong();
    return (value & PRESENT) == 0 ? UNKNOWN_FRAME : value & FRAME;
  }

  @Override
  public String kernel() {
    return System.getProperty("os.version", "");
  }

  @Override
  public int calls() {
    // Those that close() is going to make count, too.
    return calls + (memory >= 0 ? 1 : 0) + (pages >= 0 ? 1 : 0);
  }

  @Override
  public void close() {
    for (long fd : new long[] {memory, pages}) {
      if (fd >= 0) {
        call(HostCalls.CLOSE, fd, 0, 0, 0);
      }
    }
    memory = -2;
    pages = -2;
    HostMemory.free(buffer);
  }
}
