package dev.vestibule.kernel.socket;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.wait.Blocking;
import dev.vestibule.kernel.wait.Wait;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What can be done with a socket of any family? Addresses are the bytes of a struct sockaddr with
 * the family in its first two bytes in the host's own order, whatever the guest's order is.
 */
public abstract class Socket extends OpenFile {
  public static final int AF_UNSPEC = 0;
  public static final int AF_UNIX = 1;
  public static final int AF_INET = 2;
  public static final int AF_INET6 = 10;
  public static final int AF_NETLINK = 16;

  public static final int SOCK_STREAM = 1;
  public static final int SOCK_DGRAM = 2;
  public static final int SOCK_SEQPACKET = 5;

  public static final int MSG_PEEK = 2;
  public static final int MSG_CTRUNC = 8;
  public static final int MSG_TRUNC = 0x20;
  public static final int MSG_DONTWAIT = 0x40;
  public static final int MSG_WAITALL = 0x100;
  public static final int MSG_NOSIGNAL = 0x4000;

  public static final int SOL_SOCKET = 1;
  public static final int SO_REUSEADDR = 2;
  public static final int SO_TYPE = 3;
  public static final int SO_ERROR = 4;
  public static final int SO_SNDBUF = 7;
  public static final int SO_RCVBUF = 8;
  public static final int SO_PASSCRED = 16;
  public static final int SO_PEERCRED = 17;
  public static final int SO_RCVTIMEO = 20;
  public static final int SO_SNDTIMEO = 21;
  public static final int SO_ACCEPTCONN = 30;
  public static final int SO_PROTOCOL = 38;
  public static final int SO_DOMAIN = 39;

  private static final long DEVICE = 8;
  private static final AtomicLong INODES = new AtomicLong(20_000);

  private final long inode = INODES.incrementAndGet();
  private final int family;
  private final int type;
  private final int protocol;
  private volatile long receiveTimeout;
  private volatile long sendTimeout;

  protected Socket(int family, int type, int protocol, int flags) {
    super(flags | O_RDWR);
    this.family = family;
    this.type = type;
    this.protocol = protocol;
  }

  public final int family() {
    return family;
  }

  /** The number that fstat(2) tells. */
  public final long inode() {
    return inode;
  }

  public final int type() {
    return type;
  }

  public final int protocol() {
    return protocol;
  }

  /** Nanoseconds a receiving call waits at most; 0 for ever. */
  public final long receiveTimeout() {
    return receiveTimeout;
  }

  public final long sendTimeout() {
    return sendTimeout;
  }

  public final void setReceiveTimeout(long nanos) {
    receiveTimeout = nanos;
  }

  public final void setSendTimeout(long nanos) {
    sendTimeout = nanos;
  }

  /** Repeats an attempt until it succeeds, the timeout ends it, or a signal comes. */
  protected final long repeat(Task task, boolean receives, int messageFlags, LongSupplier attempt) {
    boolean atOnce = nonBlocking() || (messageFlags & MSG_DONTWAIT) != 0;
    long timeout = receives ? receiveTimeout : sendTimeout;
    long deadline = timeout == 0 ? Wait.FOREVER : task.machine().time().monotonic() + timeout;
    long result = Blocking.repeat(task, waiters(), atOnce, deadline, attempt);
    return result == -Errno.ERESTARTSYS && timeout != 0 ? -Errno.EINTR : result;
  }

  public abstract long bind(Task task, byte[] address);

  public abstract long connect(Task task, byte[] address);

  public abstract long listen(Task task, int backlog);

  /**
   * Takes a connection.
   *
   * @return the new socket
   * @throws dev.vestibule.kernel.Failure with accept(2)'s errors
   */
  public abstract Socket accept(Task task, int flags);

  /** The socket's own address. */
  public abstract byte[] name();

  /** The address it is connected to, or null. */
  public abstract byte @Nullable [] peerName();

  /** Sends; returns bytes sent. */
  public abstract long send(Task task, Message message, int flags);

  /** Receives; fills in the message's address, ancillary data and flags. */
  public abstract long receive(Task task, Message message, int flags);

  /** shutdown(2); {@code how} is 0, 1 or 2. */
  public abstract long shutdown(Task task, int how);

  /**
   * The value of an option as the host lays it out.
   *
   * @param size bytes the guest has room for
   * @throws dev.vestibule.kernel.Failure ENOPROTOOPT and others
   */
  public abstract byte[] option(Task task, int level, int option, int size);

  public abstract long setOption(Task task, int level, int option, byte[] value);

  @Override
  public long read(Task task, IoVector to, long offset) {
    return receive(task, new Message(to), 0);
  }

  @Override
  public long write(Task task, IoVector from, long offset) {
    return send(task, new Message(from), 0);
  }

  @Override
  public FileStatus status(Task task) {
    int mode = FileStatus.S_IFSOCK | 0777;
    int uid = task.credentials().fsuid();
    int gid = task.credentials().fsgid();
    return FileStatus.synthetic(DEVICE, inode, mode, uid, gid, 0);
  }

  @Override
  public String path() {
    return "socket:[" + inode + "]";
  }
}
