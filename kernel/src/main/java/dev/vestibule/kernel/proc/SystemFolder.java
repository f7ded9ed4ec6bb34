package dev.vestibule.kernel.proc;

import dev.vestibule.kernel.file.Synthetic;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What is in /sys? What C libraries and tools read to count processors. */
public final class SystemFolder {
  private SystemFolder() {}

  /** The whole tree, for a number of processors. */
  public static Synthetic.Folder create(int processors) {
    String range = processors == 1 ? "0\n" : "0-" + (processors - 1) + "\n";
    Synthetic.FixedFolder cpu = new Synthetic.FixedFolder();
    for (String name : new String[] {"online", "possible", "present"}) {
      cpu.with(name, new Synthetic.Text(t -> range));
    }
    cpu.with("offline", new Synthetic.Text(t -> "\n"));
    cpu.with("kernel_max", new Synthetic.Text(t -> "2047\n"));
    for (int n = 0; n < processors; n++) {
      cpu.with("cpu" + n, processor(n, processors));
    }
    Synthetic.FixedFolder node = new Synthetic.FixedFolder();
    for (String name : new String[] {"online", "possible"}) {
      node.with(name, new Synthetic.Text(t -> "0\n"));
    }
    Synthetic.FixedFolder system = new Synthetic.FixedFolder().with("cpu", cpu).with("node", node);
    return new Synthetic.FixedFolder()
        .with("devices", new Synthetic.FixedFolder().with("system", system))
        .with("kernel", kernel())
        .with("class", new Synthetic.FixedFolder().with("net", interfaces()))
        .with("fs", new Synthetic.FixedFolder());
  }

  private static Synthetic processor(int n, int processors) {
    String all =
        IntStream.range(0, processors).mapToObj(Integer::toString).collect(Collectors.joining(","));
    Synthetic.FixedFolder topology = new Synthetic.FixedFolder();
    topology.with("core_id", new Synthetic.Text(t -> n + "\n"));
    topology.with("physical_package_id", new Synthetic.Text(t -> "0\n"));
    topology.with("thread_siblings_list", new Synthetic.Text(t -> n + "\n"));
    topology.with("core_siblings_list", new Synthetic.Text(t -> all + "\n"));
    return new Synthetic.FixedFolder()
        .with("online", new Synthetic.Text(t -> "1\n"))
        .with("topology", topology);
  }

  /** The loopback interface, as ioctl(2) and netlink(7) show it. */
  private static Synthetic interfaces() {
    Synthetic.FixedFolder lo = new Synthetic.FixedFolder();
    lo.with("address", new Synthetic.Text(t -> "00:00:00:00:00:00\n"));
    lo.with("addr_len", new Synthetic.Text(t -> "6\n"));
    lo.with("carrier", new Synthetic.Text(t -> "1\n"));
    lo.with("flags", new Synthetic.Text(t -> "0x9\n"));
    lo.with("ifindex", new Synthetic.Text(t -> "1\n"));
    lo.with("mtu", new Synthetic.Text(t -> "65536\n"));
    lo.with("operstate", new Synthetic.Text(t -> "unknown\n"));
    lo.with("tx_queue_len", new Synthetic.Text(t -> "1000\n"));
    lo.with("type", new Synthetic.Text(t -> "772\n"));
    return new Synthetic.FixedFolder().with("lo", lo);
  }

  private static Synthetic kernel() {
    Synthetic.FixedFolder pages = new Synthetic.FixedFolder();
    pages.with("enabled", new Synthetic.Text(t -> "always madvise [never]\n"));
    Synthetic.FixedFolder mm = new Synthetic.FixedFolder().with("transparent_hugepage", pages);
    return new Synthetic.FixedFolder().with("mm", mm);
  }
}
