package dev.vestibule.kernel.exec;

import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.handed.Timekeeper;
import dev.vestibule.handed.VdsoImage;
import dev.vestibule.kernel.SyscallTable;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.Backing;
import dev.vestibule.kernel.memory.Vma;
import dev.vestibule.profile.KernelProfile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** How does the profile's kernel map its vDSO and data pages? */
public final class ProfilePages implements HandedPages {
  /** A part of the handed pages as what a mapping shows. */
  private static final class PageFile extends Backing {
    private final dev.vestibule.handed.HandedPages.Content content;

    PageFile(dev.vestibule.handed.HandedPages.Content content) {
      this.content = content;
    }

    @Override
    public int hostFd() {
      return content.hostFd();
    }

    @Override
    public boolean hostWritable() {
      return false;
    }

    @Override
    public long size() {
      return content.present();
    }

    @Override
    public boolean has(long offset) {
      return offset < size() && !content.holes().contains(offset);
    }

    @Override
    public List<Long> holes() {
      return content.holes();
    }

    @Override
    public String path() {
      return "";
    }

    /** The pages outlive every process. */
    @Override
    protected void close() {}
  }

  private final dev.vestibule.handed.HandedPages pages;
  private final Map<Long, String> functions;
  private final List<PageFile> files = new ArrayList<>();

  private ProfilePages(dev.vestibule.handed.HandedPages pages) {
    this.pages = pages;
    this.functions = pages.image().names();
    for (dev.vestibule.handed.HandedPages.Content content : pages.contents()) {
      files.add(new PageFile(content));
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
    return new ProfilePages(pages);
  }

  @Override
  public Handed map(AddressSpace space) {
    long found = space.findRoomNear(pages.hint(), pages.room());
    dev.vestibule.handed.HandedPages.Mapping at = pages.at(found);
    long start = at.start();
    boolean whole = !space.layout().handed().splits();
    for (PageFile file : files) {
      KernelProfile.Area area = file.content.area();
      long end = start + file.content.length();
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
