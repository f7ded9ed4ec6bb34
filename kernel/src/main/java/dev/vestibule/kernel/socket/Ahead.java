package dev.vestibule.kernel.socket;

import dev.vestibule.kernel.Errno;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What was taken from a socket of the host before the guest asked for it? A freeze takes all there
 * is, a thaw puts it here, and the guest receives it first.
 */
final class Ahead {
  private final ArrayDeque<InetState.Arrival> arrivals = new ArrayDeque<>();
  private int taken;
  private int error;

  synchronized void add(InetState.Arrival arrival) {
    arrivals.add(arrival);
  }

  synchronized boolean isEmpty() {
    return arrivals.isEmpty();
  }

  /** All of it; of the first one what is left. */
  synchronized List<InetState.Arrival> all() {
    List<InetState.Arrival> all = new ArrayList<>(arrivals);
    if (taken > 0) {
      InetState.Arrival first = all.getFirst();
      byte[] rest = Arrays.copyOfRange(first.bytes(), taken, first.bytes().length);
      all.set(0, new InetState.Arrival(rest, first.from(), first.controls()));
    }
    return all;
  }

  /** Bytes that the next receive of a stream, or of a datagram, could have; -1 for none. */
  synchronized int available(boolean stream) {
    if (arrivals.isEmpty()) {
      return -1;
    }
    int sum = arrivals.getFirst().bytes().length;
    if (stream) {
      sum = -taken;
      for (InetState.Arrival arrival : arrivals) {
        sum += arrival.bytes().length;
      }
    }
    return sum;
  }

  /** Keeps what the host said once; what is kept already came first. */
  synchronized void fail(int errno) {
    error = error == 0 ? errno : error;
  }

  synchronized int error() {
    return error;
  }

  /** The error, which is told once. */
  synchronized int takeError() {
    int told = error;
    error = 0;
    return told;
  }

  /**
   * Fills a message.
   *
   * @param from position in its data
   * @return bytes, or -EAGAIN if there is nothing
   */
  synchronized long receive(Message message, int from, int flags, boolean stream) {
    boolean peek = (flags & Socket.MSG_PEEK) != 0;
    if (arrivals.isEmpty()) {
      return -Errno.EAGAIN;
    }
    return stream ? takeStream(message, from, peek) : takeDatagram(message, flags, peek);
  }

  private long takeStream(Message message, int from, boolean peek) {
    int done = 0;
    int room = message.data().total() - from;
    int skip = taken;
    int used = 0;
    for (InetState.Arrival arrival : arrivals) {
      int piece = Math.min(arrival.bytes().length - skip, room - done);
      message.data().put(from + done, arrival.bytes(), skip, piece);
      done += piece;
      skip += piece;
      if (skip < arrival.bytes().length) {
        break;
      }
      used++;
      skip = 0;
    }
    if (!peek) {
      taken = skip;
      for (int i = 0; i < used; i++) {
        arrivals.remove();
      }
    }
    return done;
  }

  private long takeDatagram(Message message, int flags, boolean peek) {
    InetState.Arrival arrival = peek ? arrivals.getFirst() : arrivals.remove();
    int length = arrival.bytes().length;
    int done = message.data().put(0, arrival.bytes(), 0, Math.min(length, message.data().total()));
    message.setAddress(arrival.from());
    message.setControls(message.wantsControls() ? arrival.controls() : List.of());
    if (done < length) {
      message.addFlag(Socket.MSG_TRUNC);
    }
    return (flags & Socket.MSG_TRUNC) != 0 ? length : done;
  }
}
