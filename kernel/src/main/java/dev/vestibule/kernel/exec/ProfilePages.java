package dev.vestibule.kernel.exec;

import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.handed.Timekeeper;
import dev.vestibule.handed.VdsoImage;
import dev.vestibule.kernel.SyscallTable;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.Vma;
import dev.vestibule.profile.KernelProfile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** How does the profile's kernel map its vDSO and data pages? */
public final class ProfilePages implements HandedPages {
  private final dev.vestibule.handed.HandedPages pages;
  private final Map<Long, String> functions;
  private final List<HandedArea> files = new ArrayList<>();

  private ProfilePages(String kernel, dev.vestibule.handed.HandedPages pages) {
    this.pages = pages;
    this.functions = pages.image().names();
    for (dev.vestibule.handed.HandedPages.Content content : pages.contents()) {
      files.add(new HandedArea(kernel, files.size(), content));
    }
  }

  /** The pages of a kernel; {@link HandedPages#NONE} if it has none. */
  public static HandedPages of(KernelProfile profile, Timekeeper time, SyscallTable syscalls) {
    dev.vestibule.handed.HandedPages pages = dev.vestibule.handed.HandedPages.of(profile, time);
    return pages == null ? NONE : of(profile, syscalls, pages);
  }

  /** The pages of a kernel around an image that is not its own but fits. */
  public static HandedPages of(
      KernelProfile profile, Timekeeper time, SyscallTable syscalls, VdsoImage image) {
    return of(profile, syscalls, dev.vestibule.handed.HandedPages.of(profile, time, image));
  }

  private static HandedPages of(
      KernelProfile profile, SyscallTable syscalls, dev.vestibule.handed.HandedPages pages) {
    pages.data().setSyscalls(!profile.architecture().is64(), syscalls::implemented);
    return new ProfilePages(profile.name(), pages);
  }

  @Override
  public long firstFrame() {
    for (HandedArea file : files) {
      if (file.content().area().holds().contains("image")) {
        return file.firstFrame();
      }
    }
    return 0;
  }

  /** A set of pages that is only spoken of. */
  private record Elsewhere(long firstFrame) implements HandedPages {
    @Override
    public Handed map(AddressSpace space) {
      return Handed.NONE;
    }
  }

  @Override
  public HandedPages elsewhere() {
    return new Elsewhere(HandedArea.newFrames(pages.length()));
  }

  @Override
  public byte[] pristine() {
    return pages.image().bytes().clone();
  }

  @Override
  public Handed map(AddressSpace space) {
    return mapAt(space, space.findRoomNear(pages.hint(), pages.room()));
  }

  /** The image in the pages. */
  public VdsoImage image() {
    return pages.image();
  }

  /** Bytes of all areas. */
  public long length() {
    return pages.length();
  }

  /** Where the image begins, from the first area's begin. */
  public long imageOffset() {
    return pages.at(0).vdso();
  }

  /** Maps nothing but the data pages, where they lie if the first area begins at an address. */
  public void mapData(AddressSpace space, long start) {
    long pageSize = space.layout().pageSize();
    long at = start;
    long image = start + imageOffset();
    long imageEnd = image + image().bytes().length;
    for (HandedArea file : files) {
      for (long offset = 0; offset < file.content().length(); offset += pageSize) {
        long page = at + offset;
        if (page < image || page >= imageEnd) {
          int flags = Vma.HANDED | Vma.IO | Vma.MAY_READ | Vma.DONT_EXPAND;
          space.mapKernel(
              new Vma(
                  page, page + pageSize, GuestMemory.PROT_READ, flags, file.retain(), offset, ""));
        }
      }
      at += file.content().length();
    }
  }

  /** Maps them where there is room. */
  public Handed mapAt(AddressSpace space, long found) {
    dev.vestibule.handed.HandedPages.Mapping at = pages.at(found);
    long start = at.start();
    boolean whole = !space.layout().handed().splits();
    for (HandedArea file : files) {
      KernelProfile.Area area = file.content().area();
      long end = start + file.content().length();
      space.mapKernel(
          new Vma(
              start,
              end,
              protection(area.permissions()),
              flags(area) | (whole ? Vma.WHOLE : 0),
              file.retain(),
              0,
              area.name()));
      start = end;
    }
    return new Handed(
        at.vdso(), at.signalReturn(), at.rtSignalReturn(), at.rtSignalStart(), functions);
  }

  private static int protection(String permissions) {
    return GuestMemory.PROT_READ | (permissions.charAt(2) == 'x' ? GuestMemory.PROT_EXEC : 0);
  }

  private static int flags(KernelProfile.Area area) {
    int flags = Vma.HANDED;
    for (String flag : area.flags()) {
      flags |=
          switch (flag) {
            case "mr" -> Vma.MAY_READ;
            case "mw" -> Vma.MAY_WRITE;
            case "me" -> Vma.MAY_EXEC;
            case "io", "pf" -> Vma.IO;
            case "de" -> Vma.DONT_EXPAND;
            case "dd" -> Vma.DONT_DUMP;
            default -> 0;
          };
    }
    return flags;
  }
}
