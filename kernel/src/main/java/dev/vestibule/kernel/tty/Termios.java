package dev.vestibule.kernel.tty;

/**
 * How does a terminal treat what is typed and printed? The fields of struct termios with generic
 * numbers (asm-generic/termbits.h); an ABI turns them into its own.
 */
public final class Termios {
  public static final int ISTRIP = 0x20;
  public static final int INLCR = 0x40;
  public static final int IGNCR = 0x80;
  public static final int ICRNL = 0x100;
  public static final int IXON = 0x400;
  public static final int IXANY = 0x800;
  public static final int OPOST = 1;
  public static final int ONLCR = 4;
  public static final int OCRNL = 8;
  public static final int ONLRET = 0x20;
  public static final int ISIG = 1;
  public static final int ICANON = 2;
  public static final int ECHO = 8;
  public static final int ECHOE = 0x10;
  public static final int ECHOK = 0x20;
  public static final int ECHONL = 0x40;
  public static final int NOFLSH = 0x80;
  public static final int TOSTOP = 0x100;
  public static final int ECHOCTL = 0x200;
  public static final int ECHOKE = 0x800;
  public static final int IEXTEN = 0x8000;

  public static final int VINTR = 0;
  public static final int VQUIT = 1;
  public static final int VERASE = 2;
  public static final int VKILL = 3;
  public static final int VEOF = 4;
  public static final int VTIME = 5;
  public static final int VMIN = 6;
  public static final int VSTART = 8;
  public static final int VSTOP = 9;
  public static final int VSUSP = 10;
  public static final int VEOL = 11;
  public static final int VREPRINT = 12;
  public static final int VWERASE = 14;
  public static final int VLNEXT = 15;
  public static final int VEOL2 = 16;

  /** Control characters, and bytes of a generic struct termios. */
  public static final int NCCS = 19;

  private static final int[] DEFAULTS = {
    3, 0x1c, 0x7f, 0x15, 4, 0, 1, 0, 0x11, 0x13, 0x1a, 0, 0x12, 0xf, 0x17, 0x16, 0, 0, 0
  };

  private final int input;
  private final int output;
  private final int control;
  private final int local;
  private final int line;
  private final byte[] characters;

  /**
   * @param characters the {@link #NCCS} control characters
   */
  public Termios(int input, int output, int control, int local, int line, byte[] characters) {
    this.input = input;
    this.output = output;
    this.control = control;
    this.local = local;
    this.line = line;
    this.characters = characters.clone();
  }

  /** What a terminal starts with: canonical, echoing, 38400 baud. */
  public static Termios initial() {
    byte[] characters = new byte[NCCS];
    for (int i = 0; i < NCCS; i++) {
      characters[i] = (byte) DEFAULTS[i];
    }
    return new Termios(ICRNL | IXON, OPOST | ONLCR, 0xbf, 0x8a3b, 0, characters);
  }

  public int input() {
    return input;
  }

  public int output() {
    return output;
  }

  public int control() {
    return control;
  }

  public int local() {
    return local;
  }

  public int line() {
    return line;
  }

  /** A control character, 0..255; 0 is none. */
  public int character(int index) {
    return characters[index] & 0xff;
  }

  public boolean hasInput(int flag) {
    return (input & flag) != 0;
  }

  public boolean hasOutput(int flag) {
    return (output & flag) != 0;
  }

  public boolean hasLocal(int flag) {
    return (local & flag) != 0;
  }

  boolean is(int c, int index) {
    return c != 0 && c == character(index);
  }
}
