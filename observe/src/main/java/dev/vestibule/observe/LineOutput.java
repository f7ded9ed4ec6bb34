package dev.vestibule.observe;

import java.io.Closeable;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where do observers write? Each line is one write, so that lines of several writers stay whole.
 */
public final class LineOutput implements Closeable {
  private final OutputStream out;
  private final boolean file;

  private LineOutput(OutputStream out, boolean file) {
    this.out = out;
    this.file = file;
  }

  /** The host's standard error. */
  @SuppressWarnings("resource") // the descriptor stays open
  public static LineOutput standardError() {
    return new LineOutput(new FileOutputStream(FileDescriptor.err), false);
  }

  /** A new file, or an old one emptied. */
  public static LineOutput file(Path path) throws IOException {
    return new LineOutput(Files.newOutputStream(path), true);
  }

  /** Any stream. */
  public static LineOutput of(OutputStream out) {
    return new LineOutput(out, false);
  }

  /** Whether it is a file of its own, where nothing else is written. */
  boolean file() {
    return file;
  }

  /** Writes one line; what cannot be written is lost, as with strace on a closed stderr. */
  public void line(CharSequence text) {
    byte[] bytes = (text + "\n").getBytes(StandardCharsets.UTF_8);
    try {
      out.write(bytes);
    } catch (IOException lost) {
      return;
    }
  }

  /** Closes a file; standard error stays open. */
  @Override
  public void close() throws IOException {
    if (file) {
      out.close();
    }
  }
}
