package dev.vestibule.handed;

import dev.vestibule.host.HostMemory;
import dev.vestibule.profile.AuxType;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.KernelProfile.Field;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * What do the pages say that the kernel shares with every process's vDSO? Fields lie where the
 * profile puts them; those a layout does not have are not written.
 */
public final class DataPage {
  private static final String EYE_CATCHER = "SYSTEMCFG:PPC64";

  /** pSeries, in a logical partition. */
  private static final int PLATFORM = 0x101;

  private final KernelProfile profile;
  private final Map<String, Long> host;
  private final boolean bigEndian;

  @SuppressWarnings({"UnusedVariable", "FieldCanBeLocal"})
  private final Object lifetime;

  /**
   * @param host host addresses of the pages that programs see, by their names in the profile
   * @param lifetime what must stay reachable for the pages to stay mapped
   */
  DataPage(KernelProfile profile, Map<String, Long> host, Object lifetime) {
    this.profile = profile;
    this.host = Map.copyOf(host);
    this.lifetime = lifetime;
    bigEndian = profile.architecture().order() == ByteOrder.BIG_ENDIAN;
    constants();
  }

  /** Writes a field. */
  public void put(String name, long value) {
    put(name, 0, value);
  }

  /** Writes one element of a field that is an array. */
  public void put(String name, int index, long value) {
    Field field = shown(name);
    if (field == null) {
      return;
    }
    long address = address(field, index);
    switch (field.bytes()) {
      case 1 -> HostMemory.put8(address, (int) value);
      case 2 -> {
        if (bigEndian) {
          HostMemory.put16be(address, (int) value);
        } else {
          HostMemory.put16le(address, (int) value);
        }
      }
      case 4 -> {
        if (bigEndian) {
          HostMemory.put32be(address, (int) value);
        } else {
          HostMemory.put32le(address, (int) value);
        }
      }
      default -> {
        if (bigEndian) {
          HostMemory.put64be(address, value);
        } else {
          HostMemory.put64le(address, value);
        }
      }
    }
  }

  private @Nullable Field shown(String name) {
    Field field = profile.data().field(name);
    return field == null || !host.containsKey(field.page()) ? null : field;
  }

  private long address(Field field, int index) {
    int offset = field.offset() + index * field.bytes();
    Objects.checkFromIndexSize(offset, field.bytes(), profile.memory().pageSize());
    return host.getOrDefault(field.page(), 0L) + offset;
  }

  /** Reads one element of a field; 0 if the layout does not have it. */
  public long get(String name, int index) {
    Field field = shown(name);
    if (field == null) {
      return 0;
    }
    long address = address(field, index);
    return switch (field.bytes()) {
      case 1 -> HostMemory.u8(address);
      case 2 -> bigEndian ? HostMemory.s16be(address) : HostMemory.s16le(address);
      case 4 -> bigEndian ? HostMemory.i32be(address) : HostMemory.i32le(address);
      default -> bigEndian ? HostMemory.i64be(address) : HostMemory.i64le(address);
    };
  }

  /**
   * Lets the sequence counts begin elsewhere. A reader that began on another machine's page, of the
   * same place in memory, must not find the count that it saw there.
   *
   * @param even what they are now
   */
  void startCounts(int even) {
    for (String count : new String[] {"seq", "raw_seq", "tb_update_count"}) {
      put(count, even);
    }
  }

  /** Makes sequence counts odd: readers wait from now on. One writer at a time. */
  public void beginUpdate(String... counts) {
    count(counts);
    HostMemory.fullFence();
  }

  /** Makes sequence counts even again, after everything written since {@link #beginUpdate}. */
  public void endUpdate(String... counts) {
    HostMemory.fullFence();
    count(counts);
    HostMemory.fullFence();
  }

  private void count(String... counts) {
    for (String count : counts) {
      put(count, get(count, 0) + 1);
    }
  }

  /** What settimeofday(2) says of the time zone. */
  public void setTimeZone(int minutesWest, int dstTime) {
    put("tz_minuteswest", minutesWest);
    put("tz_dsttime", dstTime);
  }

  /**
   * Fills the map of system calls.
   *
   * @param narrow whether these are the calls of 32-bit programs
   * @param implemented whether the kernel has a call of this number
   */
  public void setSyscalls(boolean narrow, IntPredicate implemented) {
    String name = profile.kernelBits() == 64 && narrow ? "compat_syscall_map" : "syscall_map";
    if (profile.data().field("syscall_map_32") != null) {
      name = narrow ? "syscall_map_32" : "syscall_map_64";
    }
    int count = profile.syscalls().count();
    for (int word = 0; word * 32 < count; word++) {
      int bits = 0;
      for (int bit = 0; bit < 32 && word * 32 + bit < count; bit++) {
        if (implemented.test(word * 32 + bit)) {
          bits |= 0x8000_0000 >>> bit;
        }
      }
      put(name, word, bits);
    }
  }

  private void constants() {
    byte[] text = EYE_CATCHER.getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < text.length; i++) {
      put("eye_catcher", i, text[i]);
    }
    put("version_major", 1);
    put("version_minor", 1);
    put("platform", PLATFORM);
    put("processor", profile.cpu().version());
    put("processor_count", profile.cpu().processors());
    put("physical_memory_size", Runtime.getRuntime().maxMemory() * 4);
    put("tb_ticks_per_sec", profile.cpu().timebaseHz());
    put("hrtimer_res", profile.time().resolutionNanos());
    put("rng_generation", 1);
    put("rng_is_ready", 1);
    cache("dcache", AuxType.AT_DCACHEBSIZE, AuxType.AT_L1D_CACHESIZE);
    cache("icache", AuxType.AT_ICACHEBSIZE, AuxType.AT_L1I_CACHESIZE);
  }

  private void cache(String name, AuxType block, AuxType size) {
    long bytes = profile.auxv().values().getOrDefault(block, 0L);
    put(name + "_size", profile.auxv().values().getOrDefault(size, 0x8000L));
    put(name + "_line_size", bytes);
    put(name + "_block_size", bytes);
    put(name + "_log_block_size", Long.numberOfTrailingZeros(bytes));
  }
}
