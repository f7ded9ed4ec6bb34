package dev.vestibule.kernel.proc;

import dev.vestibule.kernel.file.Synthetic;

/** What is in /proc/net? The loopback interface alone. */
final class NetFolder {
  private static final String DEVICES =
      """
      Inter-|   Receive                                                |  Transmit
       face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop\
       fifo colls carrier compressed
          lo:       0       0    0    0    0     0          0         0        0       0    0    0\
          0     0       0          0
      """;
  private static final String SOCKETS =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout"
          + " inode\n";

  private NetFolder() {}

  static Synthetic.Folder create() {
    Synthetic.FixedFolder folder = new Synthetic.FixedFolder();
    folder.with("dev", new Synthetic.Text(t -> DEVICES));
    folder.with(
        "if_inet6",
        new Synthetic.Text(t -> "00000000000000000000000000000001 01 80 10 80       lo\n"));
    for (String name : new String[] {"tcp", "tcp6", "udp", "udp6"}) {
      folder.with(name, new Synthetic.Text(t -> SOCKETS));
    }
    folder.with(
        "unix",
        new Synthetic.Text(t -> "Num       RefCount Protocol Flags    Type St Inode Path\n"));
    folder.with(
        "route",
        new Synthetic.Text(t ->
            "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"));
    return folder;
  }
}
