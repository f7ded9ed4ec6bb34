package dev.vestibule.kernel.tty;

import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * What has been typed and not yet read? In canonical mode whole lines are taken, and the last one
 * can still be edited. Guarded by its terminal.
 */
final class InputQueue {
  private static final int MOST = 4095;

  private final Deque<byte[]> lines = new ArrayDeque<>();
  private final ByteArrayOutputStream edited = new ByteArrayOutputStream();
  private int waiting;

  /** Bytes that {@link #take} could deliver in raw mode. */
  int size() {
    return waiting + edited.size();
  }

  /** Whether a line, or an end of file, can be taken. */
  boolean hasLine() {
    return !lines.isEmpty();
  }

  /** Adds a byte; false if there is no room. */
  boolean add(int c) {
    if (size() >= MOST) {
      return false;
    }
    edited.write(c);
    return true;
  }

  /** Ends the line being edited. */
  void endLine() {
    byte[] line = edited.toByteArray();
    edited.reset();
    lines.add(line);
    waiting += line.length;
  }

  /** The line being edited. */
  byte[] edited() {
    return edited.toByteArray();
  }

  /** The lines that are ended. */
  List<byte[]> lines() {
    return List.copyOf(lines);
  }

  /** Puts back what was typed into an empty queue. */
  void restore(List<byte[]> ended, byte[] line) {
    for (byte[] each : ended) {
      lines.add(each);
      waiting += each.length;
    }
    edited.writeBytes(line);
  }

  /** Takes bytes off the end of the line being edited. */
  void erase(int count) {
    byte[] line = edited.toByteArray();
    edited.reset();
    edited.write(line, 0, line.length - count);
  }

  void clear() {
    lines.clear();
    edited.reset();
    waiting = 0;
  }

  /** Takes one line or a part of it: at most {@code most} bytes, none for an end of file. */
  byte[] takeLine(int most) {
    byte[] line = lines.remove();
    waiting -= line.length;
    if (line.length <= most) {
      return line;
    }
    byte[] rest = Arrays.copyOfRange(line, most, line.length);
    lines.addFirst(rest);
    waiting += rest.length;
    return Arrays.copyOf(line, most);
  }

  /** Takes bytes without regard to lines. */
  byte[] take(int most) {
    if (lines.isEmpty()) {
      byte[] all = edited.toByteArray();
      int length = Math.min(most, all.length);
      edited.reset();
      edited.write(all, length, all.length - length);
      return Arrays.copyOf(all, length);
    }
    byte[] line = takeLine(most);
    return line.length == 0 && size() > 0 ? take(most) : line;
  }
}
