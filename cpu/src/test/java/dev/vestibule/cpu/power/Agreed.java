package dev.vestibule.cpu.power;

/** Where do we write a word otherwise than binutils 2.40, and why is that right? */
final class Agreed {
  private Agreed() {}

  static boolean differs(int word, String ours, String theirs) {
    if (theirs.startsWith(".long")) {
      return isInvalidForm(word, ours) || isElsewhere(ours);
    }
    // Stopping all streams ignores the number of one.
    if (ours.startsWith("dssall ")) {
      return theirs.equals("dssall");
    }
    // Supervisor-level special registers are numbers.
    if (ours.matches("m[ft]spr .*")) {
      return theirs.matches("m[ft].*");
    }
    // Hints on forms that have no mnemonic for them; a touch hint of 0, which dcbt means as well.
    String plain =
        theirs.replaceFirst("^([a-z]+)[-+] ", "$1 ").replaceFirst("^(dcbt|dcbtst)ct ", "$1 ");
    if (ours.equals(plain)) {
      return true;
    }
    // Absolute branch targets are sign-extended to 64 bits (2.4); objdump stops at 32.
    String narrow = ours.replace("0xffffffff", "0x");
    return (narrow.equals(plain) || narrow.equals(theirs)) && (word & 2) != 0;
  }

  /** Instructions of other processors than POWER8, and undefined register numbers. */
  private static boolean isElsewhere(String ours) {
    return ours.matches("(lfdpx?|stfdpx?|mcrxr|dcba|mtocrf|mfocrf|mftb) .*|sync 3");
  }

  /** Forms that the book calls invalid: objdump shows the word, we show what would be executed. */
  private static boolean isInvalidForm(int word, String ours) {
    String name = ours.substring(0, ours.indexOf(' '));
    int rt = word >>> 21 & 31;
    int ra = word >>> 16 & 31;
    int rb = word >>> 11 & 31;
    if (name.matches("(l|st)(b|h|ha|w|wa|d|fs|fd)ux?|lhau|lhaux|lhzux?|lbzux?|lwzux?|lwaux")) {
      boolean integerLoad = name.startsWith("l") && !name.startsWith("lf");
      return ra == 0 || integerLoad && ra == rt;
    }
    return switch (name) {
      case "lmw" -> ra >= rt;
      case "lswi" -> (ra - rt & 31) < ((rb - 1 & 31) / 4 + 1) || ra == 0;
      case "lswx" -> ra == rt || rb == rt;
      case "lq", "lqarx", "stq", "stqcx." -> (rt & 1) != 0 || name.equals("lqarx") || ra == rt;
      default -> name.startsWith("bc") && isInvalidBo(rt, name);
    };
  }

  private static boolean isInvalidBo(int bo, String name) {
    if (name.startsWith("bcctr") && (bo & 4) == 0) {
      return true;
    }
    return switch (bo) {
      case 0, 2, 4, 6, 7, 8, 10, 12, 14, 15, 16, 18, 20, 24, 25, 26, 27 -> false;
      default -> true;
    };
  }
}
