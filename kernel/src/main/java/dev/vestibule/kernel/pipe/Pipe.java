package dev.vestibule.kernel.pipe;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.wait.WaitQueue;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Which bytes are on their way from writers to readers? See pipe(7). */
final class Pipe {
  /** Writes up to this size are not mixed with others. */
  static final int PIPE_BUF = 4096;

  private static final AtomicLong INODES = new AtomicLong(1000);

  private final long inode = INODES.incrementAndGet();
  private final WaitQueue waiters = new WaitQueue();
  private final ArrayDeque<Integer> packets = new ArrayDeque<>();
  private byte[] ring = new byte[PIPE_BUF];
  private int head;
  private int count;
  private int capacity;
  private int readers;
  private int writers;
  private long readerOpens;
  private long writerOpens;

  Pipe(int capacity) {
    this.capacity = capacity;
  }

  long inode() {
    return inode;
  }

  WaitQueue waiters() {
    return waiters;
  }

  // ---- ends

  void open(boolean reads, boolean writes) {
    synchronized (this) {
      readers += reads ? 1 : 0;
      writers += writes ? 1 : 0;
      readerOpens += reads ? 1 : 0;
      writerOpens += writes ? 1 : 0;
    }
    waiters.wake();
  }

  /** Takes an end away; returns whether none is left. */
  boolean close(boolean reads, boolean writes) {
    boolean unused;
    synchronized (this) {
      readers -= reads ? 1 : 0;
      writers -= writes ? 1 : 0;
      unused = readers == 0 && writers == 0;
      if (unused) {
        count = 0;
        packets.clear();
      }
    }
    waiters.wake();
    return unused;
  }

  synchronized int readers() {
    return readers;
  }

  synchronized int writers() {
    return writers;
  }

  synchronized int sides() {
    return readers + writers;
  }

  /** How often a reader has come, ever. */
  synchronized long readerOpens() {
    return readerOpens;
  }

  synchronized long writerOpens() {
    return writerOpens;
  }

  // ---- bytes

  /**
   * Reads what is there, a whole packet if packets were written.
   *
   * @return bytes read; 0 at the end, -EAGAIN if more may come
   */
  long read(IoVector to) {
    long done;
    boolean wasFull;
    synchronized (this) {
      if (count == 0) {
        return writers == 0 ? 0 : -Errno.EAGAIN;
      }
      wasFull = capacity - count < PIPE_BUF;
      if (packets.isEmpty()) {
        done = take(to, Math.min(count, to.total()));
      } else {
        int packet = packets.removeFirst();
        done = take(to, Math.min(packet, to.total()));
        int lost = packet - (int) done;
        head = (head + lost) % ring.length;
        count -= lost;
      }
    }
    if (wasFull) {
      waiters.wake(OpenFile.POLLOUT);
    }
    return done;
  }

  private int take(IoVector to, int length) {
    int done = 0;
    while (done < length) {
      int piece = Math.min(length - done, ring.length - head);
      to.put(done, ring, head, piece);
      head = (head + piece) % ring.length;
      count -= piece;
      done += piece;
    }
    return length;
  }

  /**
   * Writes what there is room for.
   *
   * @param from position in the vector
   * @param packet whether this is a packet of its own
   * @return bytes written, -EAGAIN if there is no room, -EPIPE if nobody can read
   */
  long write(IoVector vector, int from, boolean packet) {
    int length;
    synchronized (this) {
      if (readers == 0) {
        return -Errno.EPIPE;
      }
      int left = vector.total() - from;
      int room = capacity - count;
      boolean whole = vector.total() <= PIPE_BUF;
      if (room == 0 || whole && room < left) {
        return left == 0 ? 0 : -Errno.EAGAIN;
      }
      length = Math.min(left, room);
      if (packet) {
        length = Math.min(length, PIPE_BUF);
        packets.add(length);
      }
      ensure(count + length);
      int tail = (head + count) % ring.length;
      int done = 0;
      while (done < length) {
        int piece = Math.min(length - done, ring.length - tail);
        vector.get(from + done, ring, tail, piece);
        tail = (tail + piece) % ring.length;
        done += piece;
      }
      count += length;
    }
    waiters.wake(OpenFile.POLLIN);
    return length;
  }

  private void ensure(int bytes) {
    if (bytes > ring.length) {
      resize(Math.min(Math.max(capacity, bytes), Integer.highestOneBit(bytes - 1) * 2));
    }
  }

  private void resize(int size) {
    byte[] larger = new byte[size];
    int first = Math.min(count, ring.length - head);
    System.arraycopy(ring, head, larger, 0, first);
    System.arraycopy(ring, 0, larger, first, count - first);
    ring = larger;
    head = 0;
  }

  /** Copies what is there without taking it: tee(2). */
  synchronized byte[] peek(int most) {
    byte[] bytes = new byte[Math.min(most, count)];
    int first = Math.min(bytes.length, ring.length - head);
    System.arraycopy(ring, head, bytes, 0, first);
    System.arraycopy(ring, 0, bytes, first, bytes.length - first);
    return bytes;
  }

  /** Puts bytes into an empty pipe; as packets of some lengths, if they were. */
  synchronized void fill(byte[] bytes, List<Integer> lengths) {
    ring = bytes.length == 0 ? ring : bytes.clone();
    count = bytes.length;
    packets.addAll(lengths);
  }

  /** Lengths of the packets in the pipe; empty if there is none. */
  synchronized List<Integer> packets() {
    return List.copyOf(packets);
  }

  synchronized int available() {
    return count;
  }

  synchronized int poll(boolean reads, boolean writes) {
    int events = 0;
    if (reads) {
      events |= count > 0 ? OpenFile.POLLIN : 0;
      events |= writers == 0 && (writerOpens > 0 || !writes) ? OpenFile.POLLHUP : 0;
    }
    if (writes) {
      events |= capacity - count >= Math.min(PIPE_BUF, capacity) ? OpenFile.POLLOUT : 0;
      events |= readers == 0 ? OpenFile.POLLERR : 0;
    }
    return events;
  }

  synchronized int capacity() {
    return capacity;
  }

  /** Changes the capacity; -EBUSY if more than that is in the pipe. */
  long setCapacity(int bytes) {
    synchronized (this) {
      if (count > bytes) {
        return -Errno.EBUSY;
      }
      capacity = bytes;
      if (ring.length > bytes) {
        resize(bytes);
      }
    }
    waiters.wake(OpenFile.POLLOUT);
    return bytes;
  }
}
