package dev.vestibule.kernel.proc;

import dev.vestibule.cpu.GuestFault;
import dev.vestibule.inspect.EditedVdso;
import dev.vestibule.inspect.ProcessView;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.exec.HandedPages;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.PageFrames;
import dev.vestibule.kernel.trace.TracedMemory;
import dev.vestibule.profile.KernelProfile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What can be seen of a guest's process from outside? What another process of its kernel would read
 * in /proc, with its kernel's lost and false names; {@link #calls} counts the system calls that
 * process would make: one to open each file and one to close it, one for each piece of it.
 */
public final class GuestProcess implements ProcessView {
  private final Process process;
  private final boolean privileged;
  private @Nullable List<Mapping> mappings;
  private @Nullable Map<Long, Long> vector;
  private boolean memory;
  private boolean pages;
  private int calls;

  /**
   * @param privileged whether the one who looks is root
   */
  public GuestProcess(Process process, boolean privileged) {
    this.process = process;
    this.privileged = privileged;
  }

  /** Open, one read for each piece of a text, one that finds its end, close. */
  private void readWhole(int length) {
    int piece = process.space().layout().pageSize(); // a text file of /proc gives no more at once
    calls += 3 + (length + piece - 1) / piece;
  }

  private KernelProfile kernelProfile() {
    return process.machine().profile();
  }

  @Override
  public String name() {
    return "guest:" + process.pid();
  }

  @Override
  public boolean hasNames() {
    return true;
  }

  @Override
  public List<Mapping> mappings() {
    List<Mapping> read = mappings;
    if (read == null) {
      read = new ArrayList<>();
      String text = MapsText.maps(process);
      readWhole(text.length());
      for (String line : text.split("\n")) {
        Mapping mapping = Mapping.parse(line);
        if (mapping != null) {
          read.add(mapping);
        }
      }
      mappings = List.copyOf(read);
    }
    return read;
  }

  @Override
  public Map<Long, Long> auxiliaryVector() {
    Map<Long, Long> read = vector;
    if (read == null) {
      byte[] bytes = ProcessMemory.auxv(process).getBytes(GuestText.BYTES);
      readWhole(bytes.length);
      read = pairs(bytes);
      vector = read;
    }
    return read;
  }

  private Map<Long, Long> pairs(byte[] bytes) {
    Map<Long, Long> pairs = new HashMap<>();
    boolean wide = process.abi().wide();
    int word = wide ? 8 : 4;
    ByteBuffer in =
        ByteBuffer.wrap(bytes)
            .order(process.abi().bigEndian() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at + 2 * word <= bytes.length; at += 2 * word) {
      long type = wide ? in.getLong(at) : in.getInt(at) & 0xffffffffL;
      if (type == 0) {
        break;
      }
      pairs.put(type, wide ? in.getLong(at + 8) : in.getInt(at + 4) & 0xffffffffL);
    }
    return pairs;
  }

  @Override
  public byte[] read(long address, int length) {
    calls += memory ? 1 : 3;
    memory = true;
    AddressSpace space = process.space();
    byte[] bytes = new byte[length];
    if (!space.tryShare()) {
      return new byte[0];
    }
    try {
      int got = TracedMemory.read(space, address, bytes, 0, length);
      return got == length ? bytes : Arrays.copyOf(bytes, Math.max(0, got));
    } catch (GuestFault unmapped) {
      return new byte[0];
    } finally {
      space.leave();
    }
  }

  @Override
  public long pageFrame(long address) {
    if (!PageFrames.supported(kernelProfile())) {
      calls += pages ? 0 : 1; // there is no such file
      pages = true;
      return UNKNOWN_FRAME;
    }
    calls += pages ? 1 : 3;
    pages = true;
    boolean shown = PageFrames.shown(kernelProfile(), privileged);
    return PageFrames.entry(process.space(), address, shown) & PageFrames.FRAME;
  }

  @Override
  public String kernel() {
    return kernelProfile().uname().release();
  }

  @Override
  public int calls() {
    return calls;
  }

  /** Where the kernel's image really lies, null where it is not mapped any more: the truth. */
  public @Nullable Long image() {
    long at = process.space().imageAddress();
    return at == 0 ? null : at;
  }

  /**
   * What of the image is not as the kernel made it; empty where nothing is, or it is not mapped any
   * more. See {@link EditedVdso} for what to do about it.
   */
  public List<EditedVdso.Change> edits() {
    Long at = image();
    byte[] pristine = process.machine().handedPages().pristine();
    return at == null || pristine.length == 0
        ? List.of()
        : EditedVdso.changes(read(at, pristine.length), pristine);
  }

  /**
   * The view that somebody who looks has of itself: another process of the same kernel, outside of
   * any container.
   */
  public ProcessView looker() {
    return new Looker(this, process.machine().pagesOutside());
  }

  /** A process that has nothing but a vDSO, where exec puts it. */
  private static final class Looker implements ProcessView {
    private static final long START = 0x10000;
    private static final long END = 0x20000;

    private final GuestProcess other;
    private final HandedPages pages;
    private int calls;
    private boolean opened;

    Looker(GuestProcess other, HandedPages pages) {
      this.other = other;
      this.pages = pages;
    }

    @Override
    public String name() {
      return "one's own";
    }

    @Override
    public List<Mapping> mappings() {
      int few = 4; // open, a page of text, its end, close
      calls += few;
      List<Mapping> own = new ArrayList<>();
      for (KernelProfile.Area area : other.kernelProfile().areas()) {
        if (pages.firstFrame() != 0 && area.holds().contains("image")) {
          own.add(new Mapping(START, END, area.permissions(), true, area.name()));
        }
      }
      return own;
    }

    @Override
    public boolean hasNames() {
      return true;
    }

    @Override
    public Map<Long, Long> auxiliaryVector() {
      return Map.of();
    }

    /** One's own memory is touched without a system call. */
    @Override
    public byte[] read(long address, int length) {
      return new byte[length];
    }

    @Override
    public long pageFrame(long address) {
      if (!PageFrames.supported(other.kernelProfile())) {
        calls += opened ? 0 : 1;
        opened = true;
        return UNKNOWN_FRAME;
      }
      calls += opened ? 1 : 3;
      opened = true;
      boolean shown = PageFrames.shown(other.kernelProfile(), other.privileged);
      return shown ? pages.firstFrame() : UNKNOWN_FRAME;
    }

    @Override
    public String kernel() {
      return other.kernel();
    }

    @Override
    public int calls() {
      return calls;
    }
  }
}
