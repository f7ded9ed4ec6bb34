package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.schema.FhEntry;
import dev.vestibule.checkpoint.schema.FileEntry;
import dev.vestibule.checkpoint.schema.FownEntry;
import dev.vestibule.checkpoint.schema.InotifyFileEntry;
import dev.vestibule.checkpoint.schema.InotifyWdEntry;
import dev.vestibule.checkpoint.schema.VestibuleHappened;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.kernel.poll.Inotify;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** How do watched files, and what happened to them, stand in images? */
final class InotifyImages {
  private static final int EVENTS = 0xfff;
  private static final int MASK = EVENTS | 0x0400_0000 | 0x8000_0000; // IN_EXCL_UNLINK, IN_ONESHOT
  private static final int LONGEST_PATH = 4096;
  private static final int LONGEST_NAME = 255;

  private InotifyImages() {}

  // ---- saving -----------------------------------------------------------------------------------

  /**
   * The entry of an inotify.
   *
   * @throws FreezeRefusal if something is watched that its name no longer leads to
   */
  static InotifyFileEntry entry(int id, FileState.Notify file, FownEntry owner, Task task)
      throws FreezeRefusal {
    InotifyFileEntry.Builder entry =
        InotifyFileEntry.newBuilder()
            .setId(id)
            .setFlags(file.flags())
            .setFown(owner)
            .setNext(file.next());
    for (FileState.Watch watch : file.watches()) {
      if (!watch.found()) {
        throw new FreezeRefusal(
            "process %d watches a file that its name no longer leads to: %s"
                .formatted(task.process().pid(), GuestText.toHost(watch.path())));
      }
      entry.addWd(
          InotifyWdEntry.newBuilder()
              .setId(id)
              .setIIno(watch.inode())
              .setMask(watch.mask())
              .setIgnoredMask(0)
              .setSDev(kernels(watch.device()))
              .setWd(watch.number())
              .setFHandle(
                  FhEntry.newBuilder()
                      .setBytes(0)
                      .setType(0)
                      .setPathBytes(Texts.bytes(watch.path().isEmpty() ? "/" : watch.path())))
              .setMode(watch.mode()));
    }
    for (FileState.Happened event : file.events()) {
      entry.addEvent(
          VestibuleHappened.newBuilder()
              .setWd(event.watch())
              .setMask(event.mask())
              .setCookie(event.cookie())
              .setName(Texts.bytes(event.name())));
    }
    return entry.build();
  }

  /** A device number as the kernel has it, of one as programs have it: see makedev(3). */
  private static int kernels(long device) {
    long major = device >>> 8 & 0xfff | device >>> 32 & 0xffff_f000L;
    long minor = device & 0xff | device >>> 12 & 0xffff_ff00L;
    return (int) (major << 20 | minor & 0xf_ffff);
  }

  // ---- restoring --------------------------------------------------------------------------------

  /** Checks what an inotify says of itself. */
  static void check(Entry<FileEntry> entry) throws ImageException {
    InotifyFileEntry file = entry.message().getIfy();
    Set<Integer> numbers = new HashSet<>();
    for (InotifyWdEntry watch : file.getWdList()) {
      int number = watch.getWd();
      entry.check(
          number > 0 && numbers.add(number), "ify.wd.wd", number + " is there twice, or none");
      entry.check(
          !file.hasNext() || file.getNext() <= 0 || number < file.getNext(),
          "ify.next",
          file.getNext() + " is not behind all numbers");
      entry.check(
          (watch.getMask() & EVENTS) != 0 && (watch.getMask() & ~MASK) == 0,
          "ify.wd.mask",
          "0x%x is none".formatted(watch.getMask()));
      String path = Texts.text(watch.getFHandle().getPathBytes());
      entry.check(
          path.startsWith("/") && path.length() < LONGEST_PATH && path.indexOf(0) < 0,
          "ify.wd.f_handle.path",
          "is no absolute path");
    }
    entry.check(
        file.getEventCount() <= Inotify.MOST_EVENTS + 1, "ify.event", "more than are ever kept");
    for (VestibuleHappened event : file.getEventList()) {
      String name = Texts.text(event.getName());
      entry.check(
          name.length() <= LONGEST_NAME && name.indexOf(0) < 0 && name.indexOf('/') < 0,
          "ify.event.name",
          "is none");
    }
  }

  /** What has to be made of an entry. */
  static FileState.Notify state(InotifyFileEntry file) {
    List<FileState.Watch> watches = new ArrayList<>();
    int last = 0;
    for (InotifyWdEntry watch : file.getWdList()) {
      watches.add(
          new FileState.Watch(
              watch.getWd(),
              Texts.text(watch.getFHandle().getPathBytes()),
              watch.getMask(),
              Integer.toUnsignedLong(watch.getSDev()),
              watch.getIIno(),
              watch.getMode(),
              true));
      last = Math.max(last, watch.getWd());
    }
    int next = file.hasNext() ? file.getNext() : last + 1;
    List<FileState.Happened> events = new ArrayList<>();
    for (VestibuleHappened event : file.getEventList()) {
      events.add(
          new FileState.Happened(
              event.getWd(), event.getMask(), event.getCookie(), Texts.text(event.getName())));
    }
    return new FileState.Notify(watches, next, events, file.getFlags());
  }
}
