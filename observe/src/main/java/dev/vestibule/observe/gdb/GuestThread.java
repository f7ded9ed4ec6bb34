package dev.vestibule.observe.gdb;

import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.trace.Tracee;

/** What does the server know of one guest thread? Guarded by the machine's lock. */
final class GuestThread {
  final Tracee tracee;

  /** Whether gdb believes that it runs. */
  boolean running = true;

  /** Whether it has stopped for a reason that gdb has not been told yet. */
  boolean untold;

  /** Its way of running, and where stepping on its own ends: outside [rangeStart, rangeEnd). */
  Tracee.Resume way = Tracee.Resume.CONTINUE;

  long rangeStart;
  long rangeEnd;

  /** Its memory, which an exec takes away. */
  AddressSpace space;

  GuestThread(Tracee tracee) {
    this.tracee = tracee;
    this.space = tracee.task().process().space();
  }

  Task task() {
    return tracee.task();
  }

  int pid() {
    return task().process().pid();
  }

  int tid() {
    return task().tid();
  }

  String id() {
    return ThreadId.of(pid(), tid());
  }
}
