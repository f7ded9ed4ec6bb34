package dev.vestibule.kernel.call;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.file.Place;

/** How do system calls turn their arguments into files, names and stretches of memory? */
final class Calling {
  static final int AT_FDCWD = FileTree.AT_FDCWD;
  static final int AT_SYMLINK_NOFOLLOW = 0x100;
  static final int AT_REMOVEDIR = 0x200;
  static final int AT_SYMLINK_FOLLOW = 0x400;
  static final int AT_EMPTY_PATH = 0x1000;
  private static final int IOV_MAX = 1024;

  private Calling() {}

  /** An operation on an open file. */
  interface OnFile {
    long apply(OpenFile file);
  }

  /** Applies an operation to a descriptor's file; EBADF also for O_PATH descriptors. */
  static long with(Task t, int fd, OnFile operation) {
    OpenFile file = t.files().get(fd);
    try {
      return (file.flags() & OpenFile.O_PATH) != 0 ? -Errno.EBADF : operation.apply(file);
    } finally {
      file.release();
    }
  }

  /** Like {@link #with}, but takes descriptors opened with O_PATH too. */
  static long withAny(Task t, int fd, OnFile operation) {
    OpenFile file = t.files().get(fd);
    try {
      return operation.apply(file);
    } finally {
      file.release();
    }
  }

  /** An operation on a name. */
  interface OnPlace {
    long apply(Place place);
  }

  /** Applies an operation to what a name means; {@code options} of {@link FileTree}. */
  static long at(Task t, int dirfd, long path, int options, OnPlace operation) {
    Place place = place(t, dirfd, GuestText.path(t.memory(), path), options);
    try {
      return operation.apply(place);
    } finally {
      OpenFile open = place.open();
      if (open != null) {
        open.release();
      }
    }
  }

  static Place place(Task t, int dirfd, String name, int options) {
    return t.machine().fileTree().find(t, dirfd, name, options);
  }

  /** FOLLOW unless the flags say otherwise. */
  static int following(int flags) {
    return (flags & AT_SYMLINK_NOFOLLOW) != 0 ? 0 : FileTree.FOLLOW;
  }

  /** Gives a new file a descriptor, or closes it if there is none left. */
  static long install(Task t, OpenFile file, int lowest, boolean cloexec) {
    int most = t.process().limits().count(Limits.RLIMIT_NOFILE);
    int fd = t.files().install(file, lowest, most, cloexec);
    if (fd < 0) {
      file.release();
    }
    return fd;
  }

  /** The stretches of a struct iovec array. */
  static IoVector gather(Task t, long vector, long count, boolean store) {
    if (count < 0 || count > IOV_MAX) {
      throw new Failure(Errno.EINVAL);
    }
    int word = t.abi().wordSize();
    IoVector all = IoVector.empty();
    for (int i = 0; i < count; i++) {
      long at = vector + 2L * word * i;
      long length = t.abi().loadLong(t.memory(), at + word);
      if (length < 0) {
        throw new Failure(Errno.EINVAL);
      }
      all.add(t.memory(), t.abi().loadWord(t.memory(), at), length, store);
    }
    return all;
  }
}
