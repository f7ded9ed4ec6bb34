package dev.vestibule.checkpoint.image;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Errno;
import java.io.IOException;
import java.nio.file.Path;

/** A host file that pages go to and come from without passing through the Java heap. */
public final class PagesFile implements AutoCloseable {
  private static final int AT_FDCWD = -100;
  private static final int CREATE = 0301; // O_WRONLY | O_CREAT | O_EXCL
  private static final int NO_LINK = 0400000;
  private static final int CLOSE_ON_EXEC = 02000000;

  private final Path path;
  private final int fd;

  private PagesFile(Path path, int flags) throws IOException {
    this.path = path;
    byte[] name = (path + "\0").getBytes(java.nio.charset.StandardCharsets.UTF_8);
    long address = HostMemory.allocate(name.length);
    HostMemory.copyIn(name, 0, address, name.length);
    long result =
        Libc.syscall(HostCalls.OPENAT, AT_FDCWD, address, flags | NO_LINK | CLOSE_ON_EXEC, 0600);
    HostMemory.free(address);
    check(result);
    fd = (int) result;
  }

  /** The file's name. */
  public static String name(int id) {
    return "pages-" + id + ".img";
  }

  public static PagesFile create(Path directory, int id) throws IOException {
    return new PagesFile(directory.resolve(name(id)), CREATE);
  }

  public static PagesFile open(Path directory, int id) throws IOException {
    return new PagesFile(directory.resolve(name(id)), 0);
  }

  /** Descriptor of the host. */
  public int fd() {
    return fd;
  }

  /** Copies a part of this file into another host file. */
  public void copyTo(int to, long position, long target, long length) throws IOException {
    int piece = 1 << 20;
    long buffer = HostMemory.allocate(piece);
    try {
      for (long done = 0; done < length; ) {
        long wanted = Math.min(piece, length - done);
        long read = Libc.syscall(HostCalls.PREAD64, fd, buffer, wanted, position + done);
        check(read);
        if (read == 0) {
          throw new IOException(path.getFileName() + ": ends too early");
        }
        long written = Libc.syscall(HostCalls.PWRITE64, to, buffer, read, target + done);
        check(written);
        done += written;
      }
    } finally {
      HostMemory.free(buffer);
    }
  }

  /** Copies a part of another host file here, at this file's position. */
  public void copyFrom(int from, long position, long length) throws IOException {
    int piece = 1 << 20;
    long buffer = HostMemory.allocate(piece);
    try {
      for (long done = 0; done < length; ) {
        long wanted = Math.min(piece, length - done);
        long read = Libc.syscall(HostCalls.PREAD64, from, buffer, wanted, position + done);
        check(read);
        if (read == 0) {
          HostMemory.fill(buffer, wanted, 0); // behind the end: zeros
          read = wanted;
        }
        for (long out = 0; out < read; ) {
          long written = Libc.syscall(HostCalls.WRITE, fd, buffer + out, read - out);
          check(written);
          out += written;
        }
        done += read;
      }
    } finally {
      HostMemory.free(buffer);
    }
  }

  /** Complains of what a transfer by this file's descriptor returned, unless it was 0. */
  public void check(long result) throws IOException {
    if (result < 0) {
      throw new IOException(path.getFileName() + ": " + Errno.message((int) -result));
    }
  }

  @Override
  public void close() {
    Libc.syscall(HostCalls.CLOSE, fd);
  }
}
