package dev.vestibule.kernel.abi.power;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.file.FileStatus;

/** How do Power's stat structures look? Offsets from arch/powerpc/include/uapi/asm/stat.h. */
final class PowerStat {
  private static final long SECOND = 1_000_000_000L;

  private PowerStat() {}

  /** struct stat of a 64-bit guest: 144 bytes. */
  static void wide(Struct s, FileStatus f) {
    s.put64(0, f.device()).put64(8, f.inode()).put64(16, f.links());
    s.put32(24, f.mode()).put32(28, f.uid()).put32(32, f.gid());
    s.put64(40, f.rawDevice()).put64(48, f.size()).put64(56, f.blockSize()).put64(64, f.blocks());
    time64(s, 72, f.accessed());
    time64(s, 88, f.modified());
    time64(s, 104, f.changed());
  }

  /** struct stat of a 32-bit guest: 72 bytes. */
  static void narrow(Struct s, FileStatus f) {
    s.put32(0, (int) f.device()).put32(4, (int) f.inode()).put32(8, f.mode());
    s.put16(12, (int) f.links()).put32(16, f.uid()).put32(20, f.gid());
    s.put32(24, (int) f.rawDevice()).put32(28, (int) f.size());
    s.put32(32, f.blockSize()).put32(36, (int) f.blocks());
    time32(s, 40, f.accessed());
    time32(s, 48, f.modified());
    time32(s, 56, f.changed());
  }

  /** struct stat64 of a 32-bit guest: 104 bytes. */
  static void stat64(Struct s, FileStatus f) {
    s.put64(0, f.device()).put64(8, f.inode()).put32(16, f.mode()).put32(20, (int) f.links());
    s.put32(24, f.uid()).put32(28, f.gid()).put64(32, f.rawDevice()).put64(48, f.size());
    s.put32(56, f.blockSize()).put64(64, f.blocks());
    time32(s, 72, f.accessed());
    time32(s, 80, f.modified());
    time32(s, 88, f.changed());
  }

  /** struct statfs, or statfs64 of a 32-bit guest. */
  static void statfs(Struct s, long[] f, boolean wide, boolean large) {
    int at = 0;
    for (int i = 0; i < f.length; i++) {
      boolean count = i >= 2 && i <= 6;
      if (i == 7) {
        s.put32(at, (int) f[i]).put32(at + 4, (int) (f[i] >>> 32));
        at += 8;
      } else if (wide || large && count) {
        s.put64(at, f[i]);
        at += 8;
      } else {
        if (count && f[i] >>> 32 != 0 && f[i] != -1) {
          throw new Failure(Errno.EOVERFLOW);
        }
        s.put32(at, (int) f[i]);
        at += 4;
      }
    }
  }

  /** What is worth a look in one of the three. */
  static GuestAbi.Stat look(Struct s, boolean wide, boolean stat64) {
    if (wide) {
      return new GuestAbi.Stat(s.i32(24), s.i64(48), s.i64(40));
    }
    return stat64
        ? new GuestAbi.Stat(s.i32(16), s.i64(48), s.i64(32))
        : new GuestAbi.Stat(s.i32(8), s.u32(28), s.u32(24));
  }

  private static void time64(Struct s, int offset, long nanos) {
    s.put64(offset, Math.floorDiv(nanos, SECOND)).put64(offset + 8, Math.floorMod(nanos, SECOND));
  }

  private static void time32(Struct s, int offset, long nanos) {
    s.put32(offset, (int) Math.floorDiv(nanos, SECOND));
    s.put32(offset + 4, (int) Math.floorMod(nanos, SECOND));
  }
}
