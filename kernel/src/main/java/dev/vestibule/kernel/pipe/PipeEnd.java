package dev.vestibule.kernel.pipe;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.FileId;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.Ioctls;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.Signals;
import dev.vestibule.kernel.wait.Blocking;
import dev.vestibule.kernel.wait.Wait;
import dev.vestibule.kernel.wait.WaitQueue;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One end of a pipe, or an open FIFO. */
public final class PipeEnd extends OpenFile {
  private static final int PAGES = 16;
  private static final int MOST_UNPRIVILEGED = 1 << 20;
  private static final int MOST = 1 << 30;
  private static final long DEVICE = 13;
  private static final Map<Fifo, Pipe> FIFOS = new HashMap<>();

  private final Pipe pipe;
  private final @Nullable Fifo fifo;
  private final String path;
  private final FileStatus status;

  /** A file that processes of one machine meet at. */
  private record Fifo(Machine machine, FileId id) {}

  private PipeEnd(Pipe pipe, int flags, @Nullable Fifo fifo, String path, FileStatus status) {
    super(flags);
    this.pipe = pipe;
    this.fifo = fifo;
    this.path = path;
    this.status = status;
    pipe.open(readable(), writable());
  }

  /** Makes a pipe: the reading end and the writing end. */
  public static PipeEnd[] pair(Task task, int flags) {
    Pipe pipe = new Pipe(defaultCapacity(task));
    FileStatus status = statusOf(task, pipe);
    String path = pathOf(pipe);
    return new PipeEnd[] {
      new PipeEnd(pipe, flags, null, path, status),
      new PipeEnd(pipe, flags | O_WRONLY, null, path, status)
    };
  }

  /** A pipe that was saved: its ends are made of it. */
  public static final class Saved {
    private final Pipe pipe;

    /**
     * @param capacity in bytes
     * @param bytes what is in it
     * @param packets lengths of the packets that it is made of, empty if it is not
     */
    public Saved(int capacity, byte[] bytes, List<Integer> packets) {
      pipe = new Pipe(capacity);
      pipe.fill(bytes, packets);
    }

    /** Makes an end; the flags say which. */
    public PipeEnd end(Task task, int flags) {
      return new PipeEnd(pipe, flags, null, pathOf(pipe), statusOf(task, pipe));
    }

    /** Opens a FIFO again, with what was in it. */
    public PipeEnd fifo(Task task, FileStatus file, String path, int flags) {
      Fifo fifo = new Fifo(task.machine(), new FileId(file.device(), file.inode()));
      synchronized (FIFOS) {
        FIFOS.put(fifo, pipe);
        return new PipeEnd(pipe, flags, fifo, path, file);
      }
    }
  }

  @Override
  protected FileState ownState(Task task) {
    if (fifo == null) {
      return new FileState.Pipe(pipe.inode(), flags());
    }
    FileStatus there = status(task, path);
    boolean found = there != null && fifo.id.equals(new FileId(there.device(), there.inode()));
    return new FileState.Fifo(path, pipe.inode(), flags(), status.mode(), found);
  }

  private static @Nullable FileStatus status(Task task, String path) {
    try {
      return task.machine().fileTree().at(task, path).status();
    } catch (Failure gone) {
      return null;
    }
  }

  private static String pathOf(Pipe pipe) {
    return "pipe:[" + pipe.inode() + "]";
  }

  private static FileStatus statusOf(Task task, Pipe pipe) {
    int mode = FileStatus.S_IFIFO | 0600;
    long now = task.machine().time().realtime();
    int uid = task.credentials().fsuid();
    int gid = task.credentials().fsgid();
    return FileStatus.synthetic(DEVICE, pipe.inode(), mode, uid, gid, now);
  }

  private static int defaultCapacity(Task task) {
    return PAGES * task.space().layout().pageSize();
  }

  /**
   * Opens a FIFO, waiting for the other side unless told not to.
   *
   * @throws Failure ENXIO for writing without waiting where nobody reads
   */
  public static PipeEnd openFifo(Task task, FileStatus file, String path, int flags) {
    Fifo id = new Fifo(task.machine(), new FileId(file.device(), file.inode()));
    PipeEnd end;
    long readersBefore;
    long writersBefore;
    synchronized (FIFOS) {
      Pipe pipe = FIFOS.computeIfAbsent(id, i -> new Pipe(defaultCapacity(task)));
      boolean writesOnly = (flags & O_ACCMODE) == O_WRONLY;
      if (writesOnly && (flags & O_NONBLOCK) != 0 && pipe.readers() == 0) {
        forgetIfUnused(id, pipe);
        throw new Failure(Errno.ENXIO);
      }
      readersBefore = pipe.readers() > 0 ? -1 : pipe.readerOpens();
      writersBefore = pipe.writers() > 0 ? -1 : pipe.writerOpens();
      end = new PipeEnd(pipe, flags, id, path, file);
    }
    if ((flags & O_NONBLOCK) == 0 && (flags & O_ACCMODE) != O_RDWR) {
      end.awaitOther(task, readersBefore, writersBefore);
    }
    return end;
  }

  private void awaitOther(Task task, long readersBefore, long writersBefore) {
    long result =
        Blocking.repeat(
            task,
            pipe.waiters(),
            false,
            () -> {
              boolean met =
                  readable()
                      ? pipe.writerOpens() != writersBefore
                      : pipe.readerOpens() != readersBefore;
              return met ? 0 : -Errno.EAGAIN;
            });
    if (result < 0) {
      release();
      throw new Failure((int) -result);
    }
  }

  private static void forgetIfUnused(Fifo id, Pipe pipe) {
    if (pipe.readers() == 0 && pipe.writers() == 0) {
      FIFOS.remove(id, pipe);
    }
  }

  @Override
  public WaitQueue waiters() {
    return pipe.waiters();
  }

  @Override
  public long read(Task task, IoVector to, long offset) {
    if (to.total() == 0) {
      return 0;
    }
    return Blocking.repeat(task, pipe.waiters(), nonBlocking(), () -> pipe.read(to));
  }

  @Override
  public long write(Task task, IoVector from, long offset) {
    boolean packets = (flags() & O_DIRECT) != 0;
    int done = 0;
    try (Wait wait = Wait.on(task, pipe.waiters())) {
      while (true) {
        long result = pipe.write(from, done, packets);
        if (result >= 0) {
          done += (int) result;
          if (done == from.total()) {
            return done;
          }
          continue;
        }
        if (result == -Errno.EPIPE) {
          brokenPipe(task);
          return done > 0 ? done : result;
        }
        if (nonBlocking()) {
          return done > 0 ? done : result;
        }
        if (wait.sleep() == Wait.Outcome.INTERRUPTED) {
          return done > 0 ? done : -Errno.ERESTARTSYS;
        }
      }
    }
  }

  /** Sends the task the signal for writing to nobody. */
  public static void brokenPipe(Task task) {
    int pid = task.process().pid();
    int uid = task.credentials().uid();
    Delivery.send(task, SigInfo.sent(Signals.SIGPIPE, SigInfo.SI_USER, pid, uid, 0));
  }

  /** What is in the pipe, without taking it. */
  public byte[] peek(int most) {
    return pipe.peek(most);
  }

  /** Lengths of the packets in the pipe; empty if bytes have no borders in it. */
  public List<Integer> packets() {
    return pipe.packets();
  }

  /** How often this end is one: twice if it is open for reading and writing. */
  public int sides() {
    return (readable() ? 1 : 0) + (writable() ? 1 : 0);
  }

  /** The {@link #sides} of all ends of the pipe that are open. */
  public int allSides() {
    return pipe.sides();
  }

  /** Whether two ends belong to the same pipe. */
  public boolean samePipe(PipeEnd other) {
    return pipe == other.pipe;
  }

  @Override
  public int poll() {
    return pipe.poll(readable(), writable());
  }

  @Override
  public long ioctl(Task task, int request, long argument) {
    if (request != Ioctls.FIONREAD) {
      return -Errno.ENOTTY;
    }
    task.memory().store32(argument, pipe.available());
    return 0;
  }

  @Override
  public long capacity() {
    return pipe.capacity();
  }

  @Override
  public long setCapacity(Task task, long bytes) {
    int page = task.space().layout().pageSize();
    long wanted = Math.max(bytes & 0xffff_ffffL, page);
    if (wanted > MOST) {
      return -Errno.EINVAL;
    }
    int size = page;
    while (size < wanted) {
      size *= 2;
    }
    if (size > pipe.capacity() && size > MOST_UNPRIVILEGED && !task.credentials().privileged()) {
      return -Errno.EPERM;
    }
    return pipe.setCapacity(size);
  }

  @Override
  public FileStatus status(Task task) {
    return status;
  }

  @Override
  public OpenFile reopen(Task task, int flags) {
    Fifo id = fifo;
    if (id != null) {
      return openFifo(task, status, path, flags);
    }
    return new PipeEnd(pipe, flags, null, path, status);
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  protected long close() {
    synchronized (FIFOS) {
      pipe.close(readable(), writable());
      Fifo id = fifo;
      if (id != null) {
        forgetIfUnused(id, pipe);
      }
    }
    return 0;
  }
}
