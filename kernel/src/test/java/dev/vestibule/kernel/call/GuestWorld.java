package dev.vestibule.kernel.call;

import dev.vestibule.cpu.Engine;
import dev.vestibule.cpu.GuestFault;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.file.FileTable;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.FsContext;
import dev.vestibule.kernel.file.HostMount;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.Layout;
import dev.vestibule.kernel.signal.SignalActions;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.Profiles;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongSupplier;

/** A task that makes system calls by the test's hand, in a machine whose root is a directory. */
final class GuestWorld implements AutoCloseable {
  private static final long MEMORY = 0x1000_0000;
  private static final int SIZE = 1 << 20;
  private static final int READ_WRITE = 3;
  private static final int PRIVATE_FIXED = 0x32;

  /** Where a test may put structures; texts go behind. */
  static final long SCRATCH = MEMORY;

  final Task task;
  private long nextText = MEMORY + SIZE / 2;

  GuestWorld(String profile, Path root) {
    Machine machine =
        Machine.builder(profile(profile))
            .fileTree(new FileTree(HostMount.of(List.of(root.toString()))))
            .build();
    task = newTask(machine);
  }

  private static KernelProfile profile(String name) {
    try {
      return Profiles.load(name);
    } catch (ProfileException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private GuestWorld(Machine machine) {
    task = newTask(machine);
  }

  /** Another process of the same machine. */
  GuestWorld another() {
    return new GuestWorld(task.machine());
  }

  private static Task newTask(Machine machine) {
    KernelProfile.Mapping handed = machine.profile().mapping();
    Layout layout =
        new Layout(4096, 1L << 30, 0x3000_0000, 0x2800_0000, true, 0x10000, MEMORY, handed);
    boolean wide = machine.abi().wide();
    AddressSpace space =
        new AddressSpace(
            layout,
            1L << 30,
            wide,
            machine.abi().bigEndian(),
            1 << 28,
            () -> 8 << 20,
            Engine.INTERPRET);
    space.map(MEMORY, SIZE, READ_WRITE, PRIVATE_FIXED, null, 0);
    return machine.newProcess(
        null,
        machine.abi(),
        space,
        new FileTable(),
        new FsContext("", 0),
        Machine.hostCredentials(),
        new SignalActions(),
        new Limits());
  }

  /** Guest address of a text with its NUL. */
  long text(String text) {
    byte[] bytes = GuestText.bytes(text);
    if (nextText + bytes.length > MEMORY + SIZE) {
      nextText = MEMORY + SIZE / 2;
    }
    long at = nextText;
    nextText += bytes.length + 7 & -8;
    task.memory().write(at, bytes, 0, bytes.length);
    return at;
  }

  byte[] bytes(long address, int length) {
    byte[] bytes = new byte[length];
    task.memory().read(address, bytes, 0, length);
    return bytes;
  }

  /** A call's result as the guest sees it. */
  static long result(LongSupplier call) {
    try {
      return call.getAsLong();
    } catch (Failure failure) {
      return -failure.errno();
    } catch (GuestFault fault) {
      return -Errno.EFAULT;
    }
  }

  long open(String path, int genericFlags, int mode) {
    int flags = task.abi().guestOpenFlags(genericFlags);
    return result(() -> FileCalls.open(task, text(path), flags, mode));
  }

  @Override
  public void close() {
    task.files().leave();
    task.space().leave();
  }
}
