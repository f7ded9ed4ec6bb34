package dev.vestibule.kernel.file;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import org.jspecify.annotations.Nullable;

/** An open text of a synthetic file system: made anew whenever it is read from its begin. */
final class SyntheticText extends OpenFile {
  private static final int MOST_WRITTEN = 1 << 16;

  private final SyntheticMount mount;
  private final Synthetic file;
  private final Synthetic.Words words;
  private final Synthetic.@Nullable Writer writer;
  private final String path;
  private byte[] content = new byte[0];
  private long position;

  SyntheticText(
      SyntheticMount mount,
      Synthetic file,
      Synthetic.Words words,
      Synthetic.@Nullable Writer writer,
      String path,
      int flags) {
    super(flags);
    this.mount = mount;
    this.file = file;
    this.words = words;
    this.writer = writer;
    this.path = path;
  }

  @Override
  public synchronized long read(Task task, IoVector to, long offset) {
    long from = offset == AT_POSITION ? position : offset;
    if (from == 0) {
      content = words.read(task).getBytes(GuestText.BYTES);
    }
    if (from >= content.length) {
      return 0;
    }
    int done = to.put(0, content, (int) from, content.length - (int) from);
    if (offset == AT_POSITION) {
      position += done;
    }
    return done;
  }

  @Override
  public long write(Task task, IoVector from, long offset) {
    Synthetic.Writer to = writer;
    if (to == null) {
      return -Errno.EINVAL;
    }
    byte[] bytes = new byte[Math.min(from.total(), MOST_WRITTEN)];
    from.get(0, bytes, 0, bytes.length);
    long result = to.write(task, new String(bytes, GuestText.BYTES));
    return result < 0 ? result : bytes.length;
  }

  @Override
  public boolean seekable() {
    return true;
  }

  @Override
  public boolean pollable() {
    return path.endsWith("/mounts") || path.endsWith("/mountinfo");
  }

  @Override
  public synchronized long seek(Task task, long offset, int whence) {
    long wanted =
        switch (whence) {
          case 0 -> offset;
          case 1 -> position + offset;
          default -> -1;
        };
    if (wanted < 0) {
      return -Errno.EINVAL;
    }
    position = wanted;
    return wanted;
  }

  @Override
  public long truncate(Task task, long length) {
    return writer == null ? -Errno.EINVAL : 0;
  }

  @Override
  public FileStatus status(Task task) {
    return mount.statusOf(task, file, path);
  }

  @Override
  public OpenFile reopen(Task task, int flags) {
    return file.open(task, mount, path, flags);
  }

  @Override
  public String path() {
    return path;
  }
}
