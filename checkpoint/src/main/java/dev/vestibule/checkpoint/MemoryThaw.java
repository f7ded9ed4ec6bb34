package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.image.PagesFile;
import dev.vestibule.checkpoint.schema.HandedEntry;
import dev.vestibule.checkpoint.schema.MmEntry;
import dev.vestibule.checkpoint.schema.PagemapEntry;
import dev.vestibule.checkpoint.schema.VestibuleMemory;
import dev.vestibule.checkpoint.schema.VmaEntry;
import dev.vestibule.cpu.MemoryImage;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.exec.Exec;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.freeze.FileThaw;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.kernel.freeze.HandedThaw;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.Backing;
import dev.vestibule.kernel.memory.HandedSet;
import dev.vestibule.kernel.memory.SharedMemory;
import dev.vestibule.kernel.memory.Vma;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** How does a process get its memory back? */
final class MemoryThaw {
  private final FrozenTree tree;
  private final Machine machine;
  private final Map<Long, SharedMemory> shared = new HashMap<>();

  MemoryThaw(FrozenTree tree, Machine machine) {
    this.tree = tree;
    this.machine = machine;
  }

  /** An empty address space that has room for all mappings. */
  AddressSpace space(FrozenProcess process, Limits limits) throws FreezeRefusal {
    MmEntry mm = process.mm().message();
    long page = machine.profile().memory().pageSize();
    long taskSize = machine.addressSpace().taskSize();
    for (VmaEntry vma : mm.getVmasList()) {
      if (((vma.getStart() | vma.getEnd() | vma.getPgoff()) & page - 1) != 0) {
        throw new FreezeRefusal(
            "process %d has a mapping at 0x%x, which is none of this kernel's pages of %d bytes"
                .formatted(process.place().getPid(), vma.getStart(), page));
      }
      if (vma.getEnd() > taskSize) {
        throw new FreezeRefusal(
            "process %d has a mapping up to 0x%x, and this kernel's processes end at 0x%x"
                .formatted(process.place().getPid(), vma.getEnd(), taskSize));
      }
    }
    return Exec.restoredSpace(machine, limits, mm.getVestibule().getSearchFrom());
  }

  /** Maps everything and reads the pages. */
  void fill(FrozenProcess process, AddressSpace space, Task task) throws FreezeRefusal {
    MmEntry mm = process.mm().message();
    VestibuleMemory own = mm.getVestibule();
    try {
      for (VmaEntry vma : mm.getVmasList()) {
        map(vma, space, task);
      }
      read(process, space);
    } catch (Failure | OutOfMemoryError full) {
      throw new FreezeRefusal(
          "there is no room for the memory of process " + process.place().getPid());
    } catch (IOException e) {
      throw new FreezeRefusal(tree.directory() + ": " + e.getMessage());
    }
    space.setBrk(mm.getMmStartBrk(), mm.getMmBrk());
    space.setStartup(
        new AddressSpace.Startup(
            mm.getMmArgStart(),
            mm.getMmEnvStart(),
            mm.getMmEnvEnd(),
            own.getAuxvAddress(),
            own.getAuxvLength(),
            mm.getMmStartStack()));
    space.barriers().set(own.getBarriers());
    List<HandedSet> sets = new ArrayList<>();
    for (HandedEntry set : own.getHandedList()) {
      sets.add(
          new HandedSet(
              set.getKernel(), set.getVdso(), set.getStart(), set.getEnd(), set.getCurrent()));
    }
    HandedThaw.place(machine, space, sets);
  }

  private void map(VmaEntry vma, AddressSpace space, Task task) throws FreezeRefusal, IOException {
    int attributes =
        vma.getVestibule().hasAttributes()
            ? vma.getVestibule().getAttributes()
            : VmaStatus.attributes(vma.getFlags());
    Vma plain =
        new Vma(
            vma.getStart(),
            vma.getEnd(),
            vma.getProt(),
            attributes,
            null,
            0,
            vma.getVestibule().getName());
    if (MemoryReader.isHanded(vma)) {
      space.mapKernel(HandedThaw.asOwn(plain));
    } else if (MemoryReader.isFile(vma)) {
      mapFile(vma, plain, space, task);
    } else if (MemoryReader.isSharedMemory(vma)) {
      space.mapKernel(backed(plain, shared(vma), vma.getPgoff()));
    } else {
      space.mapKernel(plain);
    }
  }

  private static Vma backed(Vma vma, Backing backing, long offset) {
    return new Vma(
        vma.start(), vma.end(), vma.protection(), vma.flags(), backing, offset, vma.name());
  }

  private void mapFile(VmaEntry vma, Vma plain, AddressSpace space, Task task)
      throws FreezeRefusal {
    FileState state = FileReader.state(tree.file((int) vma.getShmid()).message());
    OpenFile file = FileThaw.open(task, state);
    try {
      Backing backing = file.backing();
      if (backing == null) {
        throw new FreezeRefusal(file.path() + ": cannot be mapped");
      }
      List<Integer> build = tree.file((int) vma.getShmid()).message().getReg().getBuildIdList();
      if (!build.isEmpty() && !build.equals(BuildId.of(backing.hostFd()))) {
        throw new FreezeRefusal(
            file.path() + ": is another build than it was, as its build-id note says");
      }
      space.mapKernel(backed(plain, backing, vma.getPgoff()));
    } finally {
      long closed = file.release();
      assert closed == 0;
    }
  }

  // ---- pages ------------------------------------------------------------------------------------

  private void read(FrozenProcess process, AddressSpace space) throws IOException {
    MemoryImage image = new MemoryImage(space.memory());
    List<VmaEntry> vmas = process.mm().message().getVmasList();
    int next = 0;
    Map<Path, PagesFile> open = new HashMap<>();
    try {
      for (PageChain.Piece piece : process.pieces()) {
        PagesFile pages = open.get(piece.directory());
        if (pages == null) {
          pages = PagesFile.open(piece.directory(), piece.pagesId());
          open.put(piece.directory(), pages);
        }
        long at = piece.start();
        while (at < piece.end()) {
          while (vmas.get(next).getEnd() <= at) {
            next++;
          }
          long to = Math.min(piece.end(), vmas.get(next).getEnd());
          long position = piece.offset() + (at - piece.start());
          check(pages, image.read(pages.fd(), position, at, to - at));
          at = to;
        }
      }
    } finally {
      open.values().forEach(PagesFile::close);
    }
  }

  private static void check(PagesFile pages, long result) throws IOException {
    if (result > 0) {
      throw new IOException("pages end too early");
    }
    pages.check(result);
  }

  /** Shared memory by its number, made and filled when it is first mapped. */
  private SharedMemory shared(VmaEntry vma) throws IOException {
    SharedMemory known = shared.get(vma.getShmid());
    if (known != null) {
      return known;
    }
    MemoryReader.Shared image =
        Objects.requireNonNull(tree.sharedMemory().get(vma.getShmid()), "checked by FrozenTree");
    SharedMemory memory = new SharedMemory(image.size(), "/dev/zero (deleted)");
    shared.put(vma.getShmid(), memory);
    try (PagesFile pages = PagesFile.open(tree.directory(), image.pagesId())) {
      long from = 0;
      for (PagemapEntry run : image.runs()) {
        long length = MemoryReader.count(run) * tree.pageSize();
        pages.copyTo(memory.hostFd(), from, run.getVaddr(), length);
        from += length;
      }
    }
    return memory;
  }

  /** Gives up what only this held. */
  void finish() {
    shared.values().forEach(SharedMemory::release);
  }
}
