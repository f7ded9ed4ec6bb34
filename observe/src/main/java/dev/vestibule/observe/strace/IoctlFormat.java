package dev.vestibule.observe.strace;

/** How are the requests of ioctl(2) and what they point to shown? */
final class IoctlFormat {
  private static final Names REQUESTS =
      Names.of(
          "",
          """
          TCGETS=0x5401 TCSETS TCSETSW TCSETSF TCGETA TCSETA TCSETAW TCSETAF TCSBRK TCXONC TCFLSH
          TIOCEXCL TIOCNXCL TIOCSCTTY TIOCGPGRP TIOCSPGRP TIOCOUTQ TIOCSTI TIOCGWINSZ TIOCSWINSZ
          TIOCMGET TIOCMBIS TIOCMBIC TIOCMSET TIOCGSOFTCAR TIOCSSOFTCAR FIONREAD TIOCLINUX
          TIOCCONS TIOCGSERIAL TIOCSSERIAL TIOCPKT FIONBIO TIOCNOTTY TIOCSETD TIOCGETD TCSBRKP
          TIOCSBRK=0x5427 TIOCCBRK TIOCGSID TIOCGPTN=0x80045430 TIOCSPTLCK=0x40045431
          TIOCGPTLCK=0x80045439 TIOCGPTPEER=0x5441 FIONCLEX=0x5450 FIOCLEX FIOASYNC
          SIOCATMARK=0x8905 SIOCGIFCONF=0x8912 SIOCGIFFLAGS SIOCGIFADDR=0x8915 SIOCGIFINDEX=0x8933
          FS_IOC_GETFLAGS=0x80086601 FICLONE=0x40049409
          """);

  private IoctlFormat() {}

  static final ArgFormat REQUEST =
      new ArgFormat() {
        @Override
        public void append(Call call, int index) {
          String name = name(call, index);
          call.text().append(name != null ? name : encoded((int) call.argument(index)));
        }

        @Override
        public void prepare(Call call, int index) {
          String name = name(call, index);
          switch (name == null ? "" : name) {
            case "FIONREAD",
                "TIOCOUTQ",
                "TIOCGPGRP",
                "TIOCGSID",
                "TIOCGETD",
                "TIOCGPTN",
                "TIOCGPTLCK",
                "SIOCATMARK" ->
                call.reformat(index + 1, ArgFormat.out(ControlFormats::integer));
            case "FIONBIO", "FIOASYNC", "TIOCSPGRP", "TIOCSPTLCK", "TIOCPKT" ->
                call.reformat(index + 1, ArgFormat.in(ControlFormats::integer));
            case "TIOCGWINSZ" -> call.reformat(index + 1, ArgFormat.out(IoctlFormat::windowSize));
            case "TIOCSWINSZ" -> call.reformat(index + 1, ArgFormat.in(IoctlFormat::windowSize));
            case "TCGETS" -> call.reformat(index + 1, ArgFormat.out(IoctlFormat::terminal));
            case "TCSETS", "TCSETSW", "TCSETSF" ->
                call.reformat(index + 1, ArgFormat.in(IoctlFormat::terminal));
            case "FIOCLEX", "FIONCLEX", "TIOCEXCL", "TIOCNXCL", "TIOCNOTTY" ->
                call.cutFrom(index + 1);
            case "TCSBRK", "TCXONC", "TCFLSH", "TIOCSCTTY" -> call.reformat(index + 1, Formats.INT);
            default -> call.reformat(index + 1, Formats.HEX);
          }
        }
      };

  private static @org.jspecify.annotations.Nullable String name(Call call, int index) {
    return REQUESTS.get(call.abi().ioctlRequest((int) call.argument(index)) & 0xffff_ffffL);
  }

  /** Direction, type, number and size, as Power packs them. */
  private static String encoded(int request) {
    String[] directions = {"0", "_IOC_NONE", "_IOC_READ", "_IOC_3", "_IOC_WRITE"};
    int direction = request >>> 29;
    return String.format(
        "_IOC(%s, %s, %s, %s)",
        direction < directions.length ? directions[direction] : "_IOC_READ|_IOC_WRITE",
        "0x" + Integer.toHexString(request >> 8 & 0xff),
        (request & 0xff) == 0 ? "0" : "0x" + Integer.toHexString(request & 0xff),
        (request >> 16 & 0x1fff) == 0 ? "0" : "0x" + Integer.toHexString(request >> 16 & 0x1fff));
  }

  private static void windowSize(Call call, int index) {
    long at = call.argument(index);
    String[] names = {"{ws_row=", ", ws_col=", ", ws_xpixel=", ", ws_ypixel="};
    for (int i = 0; i < names.length; i++) {
      call.text().append(names[i]).append(call.memory().load16(at + 2L * i) & 0xffff);
    }
    call.text().append('}');
  }

  private static void terminal(Call call, int index) {
    long at = call.argument(index);
    String[] names = {"{c_iflag=", ", c_oflag=", ", c_cflag=", ", c_lflag="};
    for (int i = 0; i < names.length; i++) {
      call.text().append(names[i]);
      Formats.hex(call.text(), call.memory().load32(at + 4L * i) & 0xffff_ffffL);
    }
    call.text().append(", ...}");
  }
}
