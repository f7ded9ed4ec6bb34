package dev.vestibule.kernel.poll;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which watch of the guest is which one of the host, and what was it told to watch? Guarded by the
 * {@link Inotify} that it belongs to.
 */
final class HostWatches {
  /** What stays of the mask that a watch was added with: events, IN_EXCL_UNLINK, IN_ONESHOT. */
  private static final int KEPT = 0xfff | 0x0400_0000 | 0x8000_0000;

  private static final int FEW = 1024;

  /**
   * A watch.
   *
   * @param number the guest's
   * @param path inside the machine, when it was added or changed
   * @param status of what the path led to then
   */
  record Watch(int number, int host, String path, int mask, FileStatus status) {}

  private final int fd;
  private final Map<Integer, Watch> byHost = new HashMap<>();
  private final Map<Integer, Watch> byNumber = new TreeMap<>();
  private int next = 1;
  private int many = FEW;

  /**
   * @param fd the host's inotify
   */
  HostWatches(int fd) {
    this.fd = fd;
  }

  /** The number that the next new watch gets; Linux does not give one twice either. */
  int next() {
    return next;
  }

  void continueAt(int number) {
    next = number;
  }

  /** In the order of their numbers. */
  Collection<Watch> all() {
    return byNumber.values();
  }

  /** The guest's number of a watch of the host, 0 if there is none: Linux begins with 1. */
  int number(int host) {
    Watch watch = byHost.get(host);
    return watch == null ? 0 : watch.number;
  }

  /** The host's number, or -1. */
  int host(int number) {
    Watch watch = byNumber.get(number);
    return watch == null ? -1 : watch.host;
  }

  /**
   * Notes what the host watches now.
   *
   * @param adds whether the mask is added to what was watched there
   * @return the guest's number, or -ENOSPC when there are no more
   */
  long put(int host, Place place, int mask, boolean adds) {
    Watch known = byHost.get(host);
    if (known == null && next <= 0) {
      return -Errno.ENOSPC;
    }
    int number = known == null ? next++ : known.number;
    put(number, host, place, mask & KEPT | (known != null && adds ? known.mask : 0));
    return number;
  }

  /** Notes a watch that had a number already; 0, or -EEXIST if its file is watched twice. */
  long putAgain(int host, Place place, FileState.Watch saved) {
    if (byHost.containsKey(host) || byNumber.containsKey(saved.number())) {
      return -Errno.EEXIST;
    }
    put(saved.number(), host, place, saved.mask());
    return 0;
  }

  private void put(int number, int host, Place place, int mask) {
    FileStatus status = Objects.requireNonNull(place.status());
    Watch watch = new Watch(number, host, place.name(), mask, status);
    byHost.put(host, watch);
    byNumber.put(number, watch);
  }

  /** The host has said that it does not watch any more. */
  void remove(int host) {
    Watch watch = byHost.remove(host);
    if (watch != null) {
      byNumber.remove(watch.number);
    }
  }

  /** Whether so many were added that it is time to look which ones are gone. */
  boolean crowded() {
    return byHost.size() >= many;
  }

  /**
   * Forgets watches that the host has no more, though nobody was told: what would have said so was
   * lost with events that found no room.
   *
   * @throws Failure ENFILE if the host cannot say now
   */
  void forgetGone() {
    Set<Integer> living = living();
    for (int host : Set.copyOf(byHost.keySet())) {
      if (!living.contains(host)) {
        remove(host);
      }
    }
    many = Math.max(FEW, 2 * byHost.size());
  }

  /** The host's watches: lines "inotify wd:1 ino:..." with hexadecimal numbers. */
  private Set<Integer> living() {
    Set<Integer> living = new HashSet<>();
    String start = "inotify wd:";
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/fdinfo/" + fd), GuestText.BYTES)) {
        if (line.startsWith(start)) {
          int end = line.indexOf(' ', start.length());
          living.add(Integer.parseUnsignedInt(line, start.length(), end, 16));
        }
      }
    } catch (IOException e) {
      throw new Failure(Errno.ENFILE); // no descriptor is left to ask with
    }
    return living;
  }
}
