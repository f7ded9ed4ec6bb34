package dev.vestibule.kernel.core;

import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.call.FileCalls;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.memory.Vma;
import dev.vestibule.kernel.signal.SigInfo;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What happens between the signal that kills a process and its end? The other threads are killed
 * and wait at their end until the core file, if there is to be one, is written.
 */
public final class CoreDump {
  /** How long a thread may take to notice that it is killed, in milliseconds. */
  private static final long PATIENCE = 10_000;

  private final Task first;
  private final SigInfo cause;
  private final List<Task> arrived = new ArrayList<>();
  private final List<CoreNotes.OfThread> threads = new ArrayList<>();
  private boolean done;

  /**
   * @param first the thread that took the signal; all methods but {@link #arrive} are its own
   */
  public CoreDump(Task first, SigInfo cause) {
    this.first = first;
    this.cause = cause;
  }

  /** A killed thread is about to give up its registers; returns when it may. */
  public synchronized void arrive(Task task) {
    if (task == first || done) {
      return;
    }
    arrived.add(task);
    threads.add(CoreNotes.of(task, cause));
    notifyAll();
    while (!done) {
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /**
   * Writes the core file once the others have arrived.
   *
   * @return whether it was written in full
   */
  public boolean write() {
    Process process = first.process();
    try {
      long limit = process.limits().soft(Limits.RLIMIT_CORE);
      boolean tooSmall = limit >= 0 && limit < process.space().layout().pageSize();
      if (tooSmall || !process.dumpable() || !awaitOthers()) {
        return false;
      }
      OpenFile file = open();
      if (file == null) {
        return false;
      }
      try {
        List<CoreNotes.OfThread> all = new ArrayList<>();
        all.add(CoreNotes.of(first, cause));
        synchronized (this) {
          all.addAll(threads);
        }
        List<Vma> mappings = process.space().mappings();
        byte[] notes = CoreNotes.of(first, cause, all, mappings);
        return new CoreWriter(process, file.hostFd(), limit).write(mappings, notes);
      } finally {
        file.release();
      }
    } catch (Failure refused) {
      return false;
    } finally {
      finish();
    }
  }

  private synchronized void finish() {
    done = true;
    notifyAll();
  }

  private synchronized boolean awaitOthers() {
    long deadline = System.nanoTime() + PATIENCE * 1_000_000;
    while (!arrived.containsAll(others())) {
      long left = (deadline - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        return true; // stuck in the host: dumped without it
      }
      try {
        wait(Math.min(left, 50));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return true;
  }

  private List<Task> others() {
    List<Task> others = new ArrayList<>(first.process().tasks());
    others.remove(first);
    return others;
  }

  /** {@code core} in the current directory; nothing that is not the process's own plain file. */
  private @Nullable OpenFile open() {
    int create = 0100;
    int readWrite = 2;
    int truncate = 01000;
    int noFollow = 0400000;
    int mode = 0600;
    OpenFile file = FileCalls.open(first, "core", create | readWrite | noFollow, mode);
    FileStatus status = file.status(first);
    boolean usable =
        status.type() == FileStatus.S_IFREG
            && status.links() == 1
            && status.uid() == first.credentials().uid()
            && file.hostFd() >= 0;
    if (usable) {
      file.release();
      return FileCalls.open(first, "core", readWrite | noFollow | truncate, mode);
    }
    file.release();
    return null;
  }
}
