package dev.vestibule.observe.strace;

import dev.vestibule.kernel.ArgKind;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.abi.Struct;
import java.util.Map;

/** How are structures shown that tell times, limits, and what files and systems are like? */
final class StructFormats {
  private static final long UTIME_NOW = 0x3fffffff;
  private static final long UTIME_OMIT = 0x3ffffffe;
  private static final int UTS_FIELD = 65;
  private static final Names STATFS_FLAGS =
      Names.of(
          "ST_",
          """
          ST_VALID=0x20 ST_RDONLY=1 ST_NOSUID=2 ST_NODEV=4 ST_NOEXEC=8 ST_SYNCHRONOUS=0x10
          ST_MANDLOCK=0x40 ST_NOATIME=0x400 ST_NODIRATIME=0x800 ST_RELATIME=0x1000
          """);
  private static final Names FILE_SYSTEMS =
      Names.of(
          "",
          """
          EXT2_SUPER_MAGIC=0xef53 TMPFS_MAGIC=0x1021994 PROC_SUPER_MAGIC=0x9fa0
          SYSFS_MAGIC=0x62656572 DEVPTS_SUPER_MAGIC=0x1cd1 XFS_SUPER_MAGIC=0x58465342
          BTRFS_SUPER_MAGIC=0x9123683e OVERLAYFS_SUPER_MAGIC=0x794c7630 NFS_SUPER_MAGIC=0x6969
          RAMFS_MAGIC=0x858458f6 SQUASHFS_MAGIC=0x73717368 PIPEFS_MAGIC=0x50495045
          """);

  private StructFormats() {}

  static void register(Map<ArgKind, ArgFormat> all) {
    all.put(ArgKind.TIMESPEC, times("tv_nsec", false, false));
    all.put(ArgKind.OUT_TIMESPEC, remaining(times("tv_nsec", false, false)));
    all.put(ArgKind.TIMESPEC64, times("tv_nsec", true, false));
    all.put(ArgKind.OUT_TIMESPEC64, remaining(times("tv_nsec", true, false)));
    all.put(ArgKind.TIMEVAL, times("tv_usec", false, false));
    all.put(ArgKind.OUT_TIMEVAL, ArgFormat.out(times("tv_usec", false, false)));
    all.put(ArgKind.ITIMERSPEC, times("tv_nsec", false, true));
    all.put(ArgKind.OUT_ITIMERSPEC, ArgFormat.out(times("tv_nsec", false, true)));
    all.put(ArgKind.ITIMERSPEC64, times("tv_nsec", true, true));
    all.put(ArgKind.OUT_ITIMERSPEC64, ArgFormat.out(times("tv_nsec", true, true)));
    all.put(ArgKind.ITIMERVAL, times("tv_usec", false, true));
    all.put(ArgKind.OUT_ITIMERVAL, ArgFormat.out(times("tv_usec", false, true)));
    all.put(ArgKind.OUT_TIMEZONE, ArgFormat.out(StructFormats::timezone));
    all.put(ArgKind.OUT_TMS, ArgFormat.out(StructFormats::tms));
    all.put(ArgKind.RLIMIT, ArgFormat.in((call, i) -> limit(call, i, false)));
    all.put(ArgKind.OUT_RLIMIT, ArgFormat.out((call, i) -> limit(call, i, false)));
    all.put(ArgKind.RLIMIT64, ArgFormat.in((call, i) -> limit(call, i, true)));
    all.put(ArgKind.OUT_RLIMIT64, ArgFormat.out((call, i) -> limit(call, i, true)));
    all.put(ArgKind.OUT_RUSAGE, ArgFormat.out(StructFormats::usage));
    all.put(ArgKind.OUT_STAT, ArgFormat.out((call, i) -> stat(call, i, false)));
    all.put(ArgKind.OUT_STAT64, ArgFormat.out((call, i) -> stat(call, i, true)));
    all.put(ArgKind.OUT_STATX, ArgFormat.out(StructFormats::statx));
    all.put(ArgKind.OUT_STATFS, ArgFormat.out((call, i) -> statfs(call, i, false)));
    all.put(ArgKind.OUT_STATFS64, ArgFormat.out((call, i) -> statfs(call, i, true)));
    all.put(ArgKind.OUT_UTSNAME, ArgFormat.out(StructFormats::utsname));
    all.put(ArgKind.OUT_SYSINFO, ArgFormat.out(StructFormats::sysinfo));
  }

  // ---- times

  private static ArgFormat times(String part, boolean wide, boolean interval) {
    return ArgFormat.in((call, i) -> {
      int field = wide ? 8 : call.abi().wordSize();
      long at = call.argument(i);
      if (interval) {
        call.text().append("{it_interval=");
        time(call, at, field, part);
        call.text().append(", it_value=");
        time(call, at + 2L * field, field, part);
        call.text().append('}');
      } else if (call.name().startsWith("utimensat")) {
        call.text().append('[');
        fileTime(call, at, field, part);
        call.text().append(", ");
        fileTime(call, at + 2L * field, field, part);
        call.text().append(']');
      } else if (call.name().equals("utimes") || call.name().equals("futimesat")) {
        call.text().append('[');
        time(call, at, field, part);
        call.text().append(", ");
        time(call, at + 2L * field, field, part);
        call.text().append(']');
      } else {
        time(call, at, field, part);
      }
    });
  }

  /** Appends a struct timespec or timeval. */
  static void time(Call call, long at, int field, String part) {
    Struct s = call.abi().struct(call.memory(), at, 2 * field);
    long seconds = field == 8 ? s.i64(0) : s.i32(0);
    long parts = field == 8 ? s.i64(8) : s.i32(4);
    call.text().append("{tv_sec=").append(seconds);
    call.text().append(", ").append(part).append('=').append(parts).append('}');
  }

  private static void fileTime(Call call, long at, int field, String part) {
    Struct s = call.abi().struct(call.memory(), at, 2 * field);
    long parts = field == 8 ? s.i64(8) : s.i32(4);
    if (parts == UTIME_NOW) {
      call.text().append("UTIME_NOW");
    } else if (parts == UTIME_OMIT) {
      call.text().append("UTIME_OMIT");
    } else {
      time(call, at, field, part);
    }
  }

  /** The time left of a sleep is filled in if it was interrupted; other times if it was not. */
  private static ArgFormat remaining(ArgFormat time) {
    return new ArgFormat() {
      @Override
      public void append(Call call, int index) {
        boolean sleep = call.name().contains("nanosleep");
        if (sleep ? Results.restarts(call.result()) : !call.failed()) {
          time.append(call, index);
        } else {
          call.address(call.argument(index));
        }
      }

      @Override
      public boolean late() {
        return true;
      }
    };
  }

  private static void timezone(Call call, int index) {
    Struct s = call.abi().struct(call.memory(), call.argument(index), 8);
    call.text().append("{tz_minuteswest=").append(s.i32(0));
    call.text().append(", tz_dsttime=").append(s.i32(4)).append('}');
  }

  private static void tms(Call call, int index) {
    int word = call.abi().wordSize();
    Struct s = call.abi().struct(call.memory(), call.argument(index), 4 * word);
    String[] names = {"{tms_utime=", ", tms_stime=", ", tms_cutime=", ", tms_cstime="};
    for (int i = 0; i < names.length; i++) {
      call.text().append(names[i]).append(s.word(i * word));
    }
    call.text().append('}');
  }

  // ---- limits and usage

  private static void limit(Call call, int index, boolean wide) {
    int field = wide ? 8 : call.abi().wordSize();
    Struct s = call.abi().struct(call.memory(), call.argument(index), 2 * field);
    String infinity = wide ? "RLIM64_INFINITY" : "RLIM_INFINITY";
    call.text().append("{rlim_cur=");
    limit(call.text(), field == 8 ? s.i64(0) : s.i32(0) == -1 ? -1 : s.u32(0), infinity);
    call.text().append(", rlim_max=");
    limit(call.text(), field == 8 ? s.i64(8) : s.i32(4) == -1 ? -1 : s.u32(4), infinity);
    call.text().append('}');
  }

  private static void limit(StringBuilder text, long value, String infinity) {
    if (value == -1) {
      text.append(infinity);
    } else if (Long.compareUnsigned(value, 1024) > 0 && (value & 1023) == 0) {
      text.append(value >>> 10).append("*1024");
    } else {
      text.append(Long.toUnsignedString(value));
    }
  }

  private static void usage(Call call, int index) {
    if (call.name().startsWith("wait") && call.result() == 0 && !call.name().equals("waitid")) {
      call.address(call.argument(index));
      return;
    }
    int word = call.abi().wordSize();
    call.text().append("{ru_utime=");
    time(call, call.argument(index), word, "tv_usec");
    call.text().append(", ru_stime=");
    time(call, call.argument(index) + 2L * word, word, "tv_usec");
    call.text().append(", ...}");
  }

  // ---- files

  private static void stat(Call call, int index, boolean stat64) {
    GuestAbi.Stat stat = call.abi().loadStat(call.memory(), call.argument(index), stat64);
    call.text().append("{st_mode=");
    Formats.fileMode(call.text(), stat.mode());
    int type = stat.mode() & 0170000;
    boolean device = type == 020000 || type == 060000;
    call.text().append(device ? ", st_rdev=" : ", st_size=");
    if (device) {
      Formats.device(call.text(), stat.rawDevice());
    } else {
      call.text().append(stat.size());
    }
    call.text().append(", ...}");
  }

  private static void statx(Call call, int index) {
    Struct s = call.abi().struct(call.memory(), call.argument(index), 48);
    StringBuilder text = call.text();
    text.append("{stx_mask=");
    Tables.STATX_MASK.flags(text, s.u32(0));
    text.append(", stx_attributes=");
    Tables.STATX_ATTRIBUTES.flags(text, s.i64(8));
    text.append(", stx_mode=");
    Formats.fileMode(text, s.u16(28));
    text.append(", stx_size=").append(s.i64(40)).append(", ...}");
  }

  private static void statfs(Call call, int index, boolean statfs64) {
    int word = call.abi().wordSize();
    int count = statfs64 ? 8 : word;
    Struct s = call.abi().struct(call.memory(), call.argument(index), 2 * word + 5 * count + 48);
    StringBuilder text = call.text().append("{f_type=");
    FILE_SYSTEMS.value(text, s.word(0));
    text.append(", f_bsize=").append(s.word(word));
    String[] names = {", f_blocks=", ", f_bfree=", ", f_bavail=", ", f_files=", ", f_ffree="};
    int at = 2 * word;
    for (String name : names) {
      text.append(name).append(count == 8 ? s.i64(at) : s.u32(at));
      at += count;
    }
    text.append(", f_fsid={val=[");
    Formats.hex(text, s.u32(at));
    text.append(", ");
    Formats.hex(text, s.u32(at + 4));
    at += 8;
    text.append("]}, f_namelen=").append(s.word(at));
    text.append(", f_frsize=").append(s.word(at + word)).append(", f_flags=");
    STATFS_FLAGS.flags(text, s.word(at + 2 * word));
    text.append('}');
  }

  // ---- the system

  private static void utsname(Call call, int index) {
    long at = call.argument(index);
    call.text().append("{sysname=");
    Quoted.string(call.text(), Quoted.field(call.memory(), at, UTS_FIELD));
    call.text().append(", nodename=");
    Quoted.string(call.text(), Quoted.field(call.memory(), at + UTS_FIELD, UTS_FIELD));
    call.text().append(", ...}");
  }

  private static void sysinfo(Call call, int index) {
    int word = call.abi().wordSize();
    Struct s = call.abi().struct(call.memory(), call.argument(index), word == 8 ? 112 : 64);
    StringBuilder text = call.text().append("{uptime=").append(s.word(0));
    text.append(", loads=[").append(s.word(word)).append(", ").append(s.word(2 * word));
    text.append(", ").append(s.word(3 * word)).append(']');
    String[] memory = {
      ", totalram=", ", freeram=", ", sharedram=", ", bufferram=", ", totalswap=", ", freeswap="
    };
    for (int i = 0; i < memory.length; i++) {
      text.append(memory[i]).append(s.word((4 + i) * word));
    }
    int behind = word == 8 ? 88 : 44;
    text.append(", procs=").append(s.u16(10 * word));
    text.append(", totalhigh=").append(s.word(behind));
    text.append(", freehigh=").append(s.word(behind + word));
    text.append(", mem_unit=").append(s.u32(behind + 2 * word)).append('}');
  }
}
