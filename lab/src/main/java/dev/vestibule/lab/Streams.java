package dev.vestibule.lab;

import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.FileTable;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.OpenFile;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What are the standard streams of a program whose output is to be looked at? */
final class Streams {
  private static final int MOST_OUTPUT = 1 << 16;
  private static final int O_RDONLY = 0;
  private static final int O_WRONLY = 1;

  private final ByteArrayOutputStream output = new ByteArrayOutputStream();

  /** A file table with nothing to read and both outputs kept. */
  FileTable table() {
    FileTable files = new FileTable();
    Stream out = new Stream(O_WRONLY);
    files.replace(0, new Stream(O_RDONLY), false);
    files.replace(1, out, false);
    files.replace(2, out.retain(), false);
    return files;
  }

  /** What was written so far. */
  String text() {
    synchronized (output) {
      return output.toString(StandardCharsets.UTF_8);
    }
  }

  private final class Stream extends OpenFile {
    Stream(int flags) {
      super(flags);
    }

    @Override
    public long read(@Nullable Task task, IoVector to, long offset) {
      return 0;
    }

    @Override
    public long write(@Nullable Task task, IoVector from, long offset) {
      byte[] bytes = new byte[Math.min(from.total(), MOST_OUTPUT)];
      int length = from.get(0, bytes, 0, bytes.length);
      synchronized (output) {
        output.write(bytes, 0, Math.max(0, Math.min(length, MOST_OUTPUT - output.size())));
      }
      return from.total();
    }

    @Override
    public FileStatus status(@Nullable Task task) {
      return FileStatus.synthetic(0, 1, FileStatus.S_IFIFO | 0600, 0, 0, 0);
    }

    @Override
    public String path() {
      return "pipe:[1]";
    }
  }
}
