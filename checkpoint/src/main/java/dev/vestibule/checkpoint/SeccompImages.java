package dev.vestibule.checkpoint;

import com.google.protobuf.ByteString;
import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageReader;
import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.image.ImageWriter;
import dev.vestibule.checkpoint.schema.CoreEntry;
import dev.vestibule.checkpoint.schema.SeccompEntry;
import dev.vestibule.checkpoint.schema.SeccompFilter;
import dev.vestibule.checkpoint.schema.ThreadCoreEntry;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.kernel.seccomp.Filter;
import dev.vestibule.kernel.seccomp.Seccomp;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How do the filters of seccomp(2) stand in images? Tasks that share a filter, by fork, clone or
 * SECCOMP_FILTER_FLAG_TSYNC, share its entry, and the filter again when they go on.
 */
final class SeccompImages {
  private final Map<Filter, Integer> places = new IdentityHashMap<>();
  private final SeccompEntry.Builder entry = SeccompEntry.newBuilder();

  // ---- saving -----------------------------------------------------------------------------------

  /** Adds what a task allows itself to its entry. */
  void add(Task task, ThreadCoreEntry.Builder thread) {
    Seccomp seccomp = task.seccomp();
    if (seccomp == null) {
      return;
    }
    thread.setSeccompMode(seccomp.mode());
    ByteOrder order = task.process().machine().profile().architecture().order();
    Integer before = null;
    for (Filter filter : seccomp.chain()) {
      Integer place = places.get(filter);
      if (place == null) {
        place = places.size();
        places.put(filter, place);
        SeccompFilter.Builder image =
            SeccompFilter.newBuilder().setFilter(ByteString.copyFrom(filter.instructions(order)));
        entry.addSeccompFilters(before == null ? image : image.setPrev(before));
      }
      before = place;
    }
    if (before != null) {
      thread.setSeccompFilter(before);
    }
  }

  /** Writes seccomp.img if there are any filters. */
  void write(Path directory) throws IOException {
    if (!places.isEmpty()) {
      new ImageWriter(ImageKind.SECCOMP, 0).add(entry.build()).write(directory);
    }
  }

  // ---- restoring --------------------------------------------------------------------------------

  /**
   * Reads and checks seccomp.img, as seccomp(2) checks a filter.
   *
   * @return for each filter, it and those before it
   */
  static List<Seccomp> read(Path directory, ByteOrder order) throws ImageException {
    List<Seccomp> all = new ArrayList<>();
    var found = ImageReader.find(directory, ImageKind.SECCOMP, 0);
    if (found.isEmpty()) {
      return all;
    }
    Entry<SeccompEntry> entry = found.get().only(SeccompEntry.parser());
    for (SeccompFilter filter : entry.message().getSeccompFiltersList()) {
      int place = all.size();
      int before = filter.getPrev();
      entry.check(
          !filter.hasPrev() || before >= 0 && before < place,
          "seccomp_filters[" + place + "].prev",
          Integer.toUnsignedString(before) + " is none before it");
      try {
        all.add(
            Seccomp.filtered(
                filter.hasPrev() ? all.get(before) : null,
                filter.getFilter().toByteArray(),
                order));
      } catch (Failure failure) {
        throw entry.bad(
            "seccomp_filters[" + place + "].filter",
            failure.errno() == Errno.ENOMEM
                ? "is too long with those before it"
                : "is none that a kernel would take");
      }
    }
    return all;
  }

  /** Checks what a task says that it allows itself. */
  static void check(Entry<CoreEntry> entry, List<Seccomp> filters) throws ImageException {
    ThreadCoreEntry thread = entry.message().getThreadCore();
    int mode = thread.getSeccompMode();
    int filter = thread.getSeccompFilter();
    entry.check(
        mode >= 0 && mode <= Seccomp.MODE_FILTER, "thread_core.seccomp_mode", mode + " is none");
    entry.check(
        mode != Seccomp.MODE_FILTER
            || thread.hasSeccompFilter() && filter >= 0 && filter < filters.size(),
        "thread_core.seccomp_filter",
        "seccomp.img is missing, or has no filter " + Integer.toUnsignedString(filter));
  }

  /**
   * What a task allows itself, null if it is everything.
   *
   * @throws FreezeRefusal if its kernel does not know of such a thing
   */
  static @Nullable Seccomp of(ThreadCoreEntry thread, List<Seccomp> filters, Task task)
      throws FreezeRefusal {
    int mode = thread.getSeccompMode();
    if (mode == 0) {
      return null;
    }
    if (!Seccomp.known(task.machine().profile().uname().linux(), mode)) {
      throw new FreezeRefusal(
          "thread %d is confined by seccomp(2), mode %d, which kernel %s has not"
              .formatted(task.tid(), mode, task.machine().profile().name()));
    }
    return mode == Seccomp.MODE_STRICT ? Seccomp.strict() : filters.get(thread.getSeccompFilter());
  }
}
