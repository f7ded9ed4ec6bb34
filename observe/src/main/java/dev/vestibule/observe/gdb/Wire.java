package dev.vestibule.observe.gdb;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.ByteChannel;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What does the client say, and how is it answered? Frames packets as the gdb manual's "Overview"
 * of the remote protocol says, with bounds: a packet that is longer than announced, or not whole,
 * is refused.
 */
final class Wire implements Closeable {
  /** Longest packet in bytes, as announced to the client. */
  static final int MOST = 0x4000;

  private static final int QUEUE = 64;

  /** What the session hears of. */
  sealed interface Message {}

  /** A packet's text, one char for each byte. */
  record Packet(String text) implements Message {}

  /** What is no packet. */
  enum Notice implements Message {
    INTERRUPT,
    CLOSED,
    /** The guest did something. */
    GUEST
  }

  private final ByteChannel channel;
  private final InputStream in;
  private final OutputStream out;
  private final BlockingQueue<Message> inbox = new ArrayBlockingQueue<>(QUEUE);
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean acknowledges = true;
  private byte @Nullable [] last;

  Wire(ByteChannel channel) {
    this.channel = channel;
    this.in = new java.io.BufferedInputStream(Channels.newInputStream(channel));
    this.out = Channels.newOutputStream(channel);
  }

  /** QStartNoAckMode. */
  void stopAcknowledging() {
    acknowledges = false;
  }

  Message take() throws InterruptedException {
    return inbox.take();
  }

  /** Tells the session that the guest did something; never blocks, called under any lock. */
  void wake() {
    // If there is no room the session has messages to look at, and looks at the guest after each.
    inbox.offer(Notice.GUEST);
  }

  /** Reads until the client goes. */
  void read() {
    try {
      while (readOne()) {}
    } catch (IOException gone) {
      // as if it had closed
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    ended.countDown();
    try {
      inbox.put(Notice.CLOSED);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean readOne() throws IOException, InterruptedException {
    int first = in.read();
    switch (first) {
      case -1 -> {
        return false;
      }
      case 3 -> inbox.put(Notice.INTERRUPT);
      case '-' -> again();
      case '$' -> {
        return readPacket();
      }
      default -> {} // '+', or noise between packets
    }
    return true;
  }

  private boolean readPacket() throws IOException, InterruptedException {
    StringBuilder text = new StringBuilder();
    int sum = 0;
    boolean tooLong = false;
    while (true) {
      int c = in.read();
      if (c < 0) {
        return false;
      }
      if (c == '#') {
        break;
      }
      if (c == '$') { // a new beginning
        text.setLength(0);
        sum = 0;
        tooLong = false;
        continue;
      }
      sum += c;
      if (c == '}') {
        c = in.read();
        if (c < 0) {
          return false;
        }
        sum += c;
        c ^= 0x20;
      }
      if (text.length() < MOST) {
        text.append((char) c);
      } else {
        tooLong = true;
      }
    }
    int high = Character.digit(in.read(), 16);
    int low = Character.digit(in.read(), 16);
    if (high * 16 + low != (sum & 0xff)) {
      if (acknowledges) {
        raw(new byte[] {'-'});
      }
      return true;
    }
    if (acknowledges) {
      raw(new byte[] {'+'});
    }
    if (tooLong) {
      send("E16");
    } else {
      inbox.put(new Packet(text.toString()));
    }
    return true;
  }

  /** Sends a packet; chars are bytes, and those with a meaning of their own are escaped. */
  void send(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length() + 4);
    bytes.write('$');
    int sum = 0;
    for (byte b : text.getBytes(StandardCharsets.ISO_8859_1)) {
      int c = b & 0xff;
      if (c == '$' || c == '#' || c == '}' || c == '*') {
        bytes.write('}');
        sum += '}';
        c ^= 0x20;
      }
      bytes.write(c);
      sum += c;
    }
    bytes.write('#');
    bytes.writeBytes("%02x".formatted(sum & 0xff).getBytes(StandardCharsets.US_ASCII));
    last = bytes.toByteArray();
    raw(last);
  }

  private void again() {
    byte[] packet = last;
    if (packet != null) {
      raw(packet);
    }
  }

  private synchronized void raw(byte[] bytes) {
    try {
      out.write(bytes);
      out.flush();
    } catch (IOException gone) {
      close(); // the reader will notice
    }
  }

  /** Waits until the client has gone, or some time has passed. */
  void awaitEnd(long millis) throws InterruptedException {
    boolean gone = ended.await(millis, TimeUnit.MILLISECONDS);
    if (!gone) {
      close();
    }
  }

  @Override
  public void close() {
    ended.countDown();
    try {
      channel.close();
    } catch (IOException e) {
      // nothing is left to be lost
    }
  }
}
