package dev.vestibule.handed;

import dev.vestibule.host.Cleanup;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.KernelProfile.Area;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What does a kernel map into every process by itself, and where? One set for a machine: each area
 * is a host file that processes map privately, so that all see the data page's updates and a
 * process that writes (a debugger's breakpoint) gets its own copy of that page alone. The files go
 * when nobody can reach this object or its data page any more.
 */
public final class HandedPages {
  private static final int READ_WRITE = 3;
  private static final int MAP_SHARED = 1;
  private static final String IMAGE = "image";

  /** The page that shows another time namespace's process the real data; no other has one. */
  private static final String TIMENS = "timens";

  /**
   * One VMA's content.
   *
   * @param length bytes of address space
   * @param hostFd to be mapped privately from offset 0
   * @param present bytes that the file has; what lies beyond raises SIGBUS
   * @param holes offsets of pages in front of that which raise SIGBUS, too
   */
  public record Content(Area area, long length, int hostFd, long present, List<Long> holes) {
    public Content {
      holes = List.copyOf(holes);
    }
  }

  /**
   * Where the pages lie in one process.
   *
   * @param start address of the first area; the others follow without a gap
   * @param vdso address of the image's ELF header, for AT_SYSINFO_EHDR
   * @param signalReturn trampoline of old-style signal frames, 0 for one on the stack
   * @param rtSignalReturn trampoline of rt signal frames
   * @param rtSignalStart where the kernel enters a handler from, or 0
   */
  public record Mapping(
      long start, long vdso, long signalReturn, long rtSignalReturn, long rtSignalStart) {}

  /** The host's files and our own mappings of them. */
  private static final class HostPages implements Runnable {
    private record Mapped(int fd, long address, long length) {}

    private final List<Mapped> mapped = new ArrayList<>();

    @Override
    public void run() {
      for (Mapped part : mapped) {
        Libc.syscall(HostCalls.MUNMAP, part.address, part.length);
        Libc.syscall(HostCalls.CLOSE, part.fd);
      }
    }
  }

  private final KernelProfile profile;
  private final VdsoImage image;
  private final HostPages host = new HostPages();
  private final List<Content> contents = new ArrayList<>();
  private final DataPage data;
  private final Map<String, Long> pagesHost = new HashMap<>();
  private long imageOffset = -1;

  private HandedPages(KernelProfile profile, VdsoImage image) {
    this.profile = profile;
    this.image = image;
    long offset = 0;
    for (Area area : profile.areas()) {
      Content content = content(area, offset);
      contents.add(content);
      offset += content.length();
    }
    Object lifetime = new Object();
    data = new DataPage(profile, pagesHost, lifetime);
    Cleanup.after(lifetime, host);
  }

  /**
   * Makes the pages of a kernel, and has a timekeeper keep them.
   *
   * @return null if this kernel hands out no pages
   */
  public static @Nullable HandedPages of(KernelProfile profile, Timekeeper time) {
    VdsoImage image = VdsoImages.of(profile);
    return image == null || profile.areas().isEmpty() ? null : of(profile, time, image);
  }

  /**
   * Makes the pages of a kernel around an image.
   *
   * @param image the profile's own, or one that {@link VdsoImages#of(KernelProfile, byte[],
   *     String)} found to fit
   */
  public static HandedPages of(KernelProfile profile, Timekeeper time, VdsoImage image) {
    HandedPages pages = new HandedPages(profile, image);
    time.serve(pages.data);
    return pages;
  }

  private Content content(Area area, long before) {
    int page = profile.memory().pageSize();
    long length = 0;
    long present = 0;
    long imageAt = -1;
    Map<String, Long> pagesAt = new LinkedHashMap<>();
    List<Long> absent = new ArrayList<>();
    for (String part : area.holds()) {
      long size = part.equals(IMAGE) ? image.bytes().length : page;
      if (part.equals(TIMENS)) {
        absent.add(length);
      } else if (part.equals(IMAGE)) {
        imageAt = length;
        imageOffset = before + length;
        present = length + size;
      } else {
        pagesAt.put(part, length);
        present = length + size;
      }
      length += size;
    }
    long end = present;
    absent.removeIf(offset -> offset >= end);
    int fd = file("vestibule-" + (area.name().isEmpty() ? "handed" : area.name()), present);
    long address = Libc.syscall(HostCalls.MMAP, 0, present, READ_WRITE, MAP_SHARED, fd, 0);
    check("mmap", address);
    host.mapped.add(new HostPages.Mapped(fd, address, present));
    if (imageAt >= 0) {
      HostMemory.copyIn(image.bytes(), 0, address + imageAt, image.bytes().length);
    }
    pagesAt.forEach((name, offset) -> pagesHost.put(name, address + offset));
    return new Content(area, length, fd, present, absent);
  }

  private static int file(String name, long length) {
    byte[] text = (name + "\0").getBytes(StandardCharsets.US_ASCII);
    long buffer = HostMemory.allocate(text.length);
    HostMemory.copyIn(text, 0, buffer, text.length);
    int closeOnExec = 1;
    long fd = Libc.syscall(HostCalls.MEMFD_CREATE, buffer, closeOnExec);
    HostMemory.free(buffer);
    check("memfd_create", fd);
    check("ftruncate", Libc.syscall(HostCalls.FTRUNCATE, fd, length));
    return (int) fd;
  }

  private static void check(String call, long result) {
    if (result < 0 && result > -4096) {
      throw new IllegalStateException(call + " of the handed pages failed: errno " + -result);
    }
  }

  /** The areas in address order. */
  public List<Content> contents() {
    return List.copyOf(contents);
  }

  /** The page that time and system calls are told by. */
  public DataPage data() {
    return data;
  }

  /** The image. */
  public VdsoImage image() {
    return image;
  }

  /** Address to ask for, 0 for any. */
  public long hint() {
    return profile.placement().hint();
  }

  /** Bytes of all areas. */
  public long length() {
    long length = 0;
    for (Content content : contents) {
      length += content.length();
    }
    return length;
  }

  /** Bytes to find room for, with what aligning their begin may skip. */
  public long room() {
    int page = profile.memory().pageSize();
    long forgotten = profile.placement().reservesLastPage() ? 0 : page;
    return length() - forgotten + profile.placement().alignment() - page;
  }

  /** Where everything lies if the room found begins at an address. */
  public Mapping at(long found) {
    int alignment = profile.placement().alignment();
    long start = found + alignment - 1 & -alignment;
    long vdso = start + imageOffset;
    VdsoImage.Trampolines trampolines = image.trampolines();
    return new Mapping(
        start,
        vdso,
        address(vdso, trampolines.old()),
        address(vdso, trampolines.rt()),
        address(vdso, trampolines.rtStart()));
  }

  private static long address(long vdso, int offset) {
    return offset < 0 ? 0 : vdso + offset;
  }
}
