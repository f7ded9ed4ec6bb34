package dev.vestibule.checkpoint.image;

/**
 * Which kinds of image are there, and how does each begin? Numbers: CRIU's include/magic.h. All
 * words are little-endian.
 */
public enum ImageKind {
  INVENTORY("inventory", 0x58313116, false),
  PSTREE("pstree", 0x50273030, true),
  CORE("core-%d", 0x55053847, true),
  IDS("ids-%d", 0x54432030, true),
  MM("mm-%d", 0x57492820, true),
  PAGEMAP("pagemap-%d", 0x56084025, true),
  SHMEM_PAGEMAP("pagemap-shmem-%d", 0x56084025, true),
  FDINFO("fdinfo-%d", 0x56213732, true),
  FILES("files", 0x56303138, true),
  FS("fs-%d", 0x51403912, true),
  PIPES_DATA("pipes-data", 0x56453709, true),
  FIFO_DATA("fifo-data", 0x59333054, true),
  MEMFD("memfd", 0x48453499, true),
  GHOST_FILE("ghost-file-%x", 0x52583605, true),
  REMAP_FPATH("remap-fpath", 0x59133954, true),
  TTY_INFO("tty-info", 0x59453036, true),
  SECCOMP("seccomp", 0x64413049, true),
  FILE_LOCKS("filelocks", 0x54323616, true),
  TCP_STREAM("tcp-stream-%x", 0x51465506, true),
  SK_QUEUES("sk-queues", 0x56264026, true),
  TIMENS("timens-%d", 0x43114433, true),
  STATS_DUMP("stats-dump", 0x57093306, ImageKind.SERVICE);

  /** What all but the inventory begin with, since the format's version 1.1. */
  static final int COMMON = 0x54564319;

  /** What images begin with instead that only tell of the work. */
  private static final int SERVICE = 0x55105940;

  private final String pattern;
  private final int magic;
  private final int prefix;

  ImageKind(String pattern, int magic, boolean common) {
    this(pattern, magic, common ? COMMON : 0);
  }

  ImageKind(String pattern, int magic, int prefix) {
    this.pattern = pattern;
    this.magic = magic;
    this.prefix = prefix;
  }

  int magic() {
    return magic;
  }

  /** The word in front of the magic, or 0 where there is none. */
  int prefix() {
    return prefix;
  }

  /** The file's name; {@code id} matters where there are several of the kind. */
  public String file(int id) {
    // Not by String.format, whose first use loads what belongs to locales.
    String name = pattern.replace("%d", Integer.toString(id));
    return name.replace("%x", Integer.toHexString(id)) + ".img";
  }
}
