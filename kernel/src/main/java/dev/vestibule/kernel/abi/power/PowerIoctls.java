package dev.vestibule.kernel.abi.power;

import dev.vestibule.kernel.file.Ioctls;
import java.util.HashMap;
import java.util.Map;

/**
 * Which request of ioctl(2) does a Power program mean? Its terminal requests come from
 * arch/powerpc/include/uapi/asm/ioctls.h; direction bits of encoded requests are 1 none, 2 read, 4
 * write in the top three bits.
 */
final class PowerIoctls {
  private static final Map<Integer, Integer> GENERIC = new HashMap<>();

  static {
    put(0x402c_7413, Ioctls.TCGETS);
    put(0x802c_7414, Ioctls.TCSETS);
    put(0x802c_7415, Ioctls.TCSETSW);
    put(0x802c_7416, Ioctls.TCSETSF);
    put(0x4014_7417, Ioctls.TCGETA);
    put(0x8014_7418, Ioctls.TCSETA);
    put(0x8014_7419, Ioctls.TCSETAW);
    put(0x8014_741c, Ioctls.TCSETAF);
    put(0x2000_741d, Ioctls.TCSBRK);
    put(0x2000_741e, Ioctls.TCXONC);
    put(0x2000_741f, Ioctls.TCFLSH);
    put(0x4008_7468, Ioctls.TIOCGWINSZ);
    put(0x8008_7467, Ioctls.TIOCSWINSZ);
    put(0x8004_7476, Ioctls.TIOCSPGRP);
    put(0x4004_7477, Ioctls.TIOCGPGRP);
    put(0x4004_7473, Ioctls.TIOCOUTQ);
    put(0x2000_6601, Ioctls.FIOCLEX);
    put(0x2000_6602, Ioctls.FIONCLEX);
    put(0x8004_667e, Ioctls.FIONBIO);
    put(0x8004_667d, Ioctls.FIOASYNC);
    put(0x4004_667f, Ioctls.FIONREAD);
    put(0x4004_5430, Ioctls.TIOCGPTN);
    put(0x8004_5431, Ioctls.TIOCSPTLCK);
    put(0x4004_5439, Ioctls.TIOCGPTLCK);
    put(0x2000_5441, Ioctls.TIOCGPTPEER);
    put(0x4008_6601, Ioctls.FS_IOC_GETFLAGS);
    put(0x4004_6601, Ioctls.FS_IOC_GETFLAGS);
    put(0x8004_9409, Ioctls.FICLONE);
    // No terminal request of Power's own has these generic numbers.
    for (int taken : new int[] {Ioctls.TCGETS, Ioctls.TCSETS, Ioctls.TCSETSW, Ioctls.TCSETSF}) {
      put(taken, -1);
    }
  }

  private PowerIoctls() {}

  private static void put(int power, int generic) {
    GENERIC.put(power, generic);
  }

  static int generic(int request) {
    return GENERIC.getOrDefault(request, request);
  }
}
