package dev.vestibule.checkpoint;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.SectionHeader;
import dev.vestibule.handed.VdsoImage;
import dev.vestibule.handed.VdsoImages;
import dev.vestibule.inspect.VdsoSymbols;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.HandedSet;
import dev.vestibule.kernel.trace.TracedMemory;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.Profiles;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What must have become of a process's vDSO by the decision table in docs/freeze-thaw.md? Worked
 * out from what its kernels' images are as files, and looked for in the process's memory; what the
 * thaw believes to have done is not asked.
 */
final class ExpectedVdso {
  private static final int BRANCH = 18; // the I-form's primary opcode, ISA book 2.4
  private static final int TRAP = 0x7fe00008; // tw 31,0,0

  /** The way that a vDSO goes at a thaw. */
  enum Way {
    NONE,
    REMAPPED,
    TRAMPOLINES,
    TRAPS
  }

  /** What of a kernel's image decides whether another can lie in its place. */
  private record Face(
      String architecture, long areas, int before, Map<String, Long> functions, int text) {}

  private ExpectedVdso() {}

  private static Face face(String kernel) throws Exception {
    KernelProfile profile = Profiles.load(kernel);
    VdsoImage image = requireNonNull(VdsoImages.of(profile));
    long areas = 0;
    int before = -1;
    for (KernelProfile.Area area : profile.areas()) {
      for (String part : area.holds()) {
        before = part.equals("image") ? (int) areas : before;
        areas += part.equals("image") ? image.bytes().length : profile.memory().pageSize();
      }
    }
    byte[] file = image.file();
    SectionHeader text = requireNonNull(ElfFile.read(file, kernel).section(".text"));
    byte[] code =
        Arrays.copyOfRange(file, (int) text.offset(), (int) (text.offset() + text.size()));
    return new Face(
        profile.architecture().id(), areas, before, symbols(kernel), Arrays.hashCode(code));
  }

  private static boolean hasVdso(String kernel) throws Exception {
    return VdsoImages.of(Profiles.load(kernel)) != null;
  }

  private static Map<String, Long> symbols(String kernel) throws Exception {
    VdsoImage image = requireNonNull(VdsoImages.of(Profiles.load(kernel)));
    return VdsoSymbols.read(image.file(), kernel).functions();
  }

  /** Whether code of a kernel can be a thread's place for long: it has a clock to read. */
  static boolean hasClock(String kernel) throws Exception {
    return hasVdso(kernel) && symbols(kernel).containsKey("__kernel_clock_gettime");
  }

  /**
   * Which way by the table.
   *
   * @param from the kernels whose images the process has
   */
  static Way way(Set<String> from, String to) throws Exception {
    if (from.isEmpty()) {
      return Way.NONE;
    }
    if (!hasVdso(to)) {
      return Way.TRAPS;
    }
    Face face = face(to);
    for (String kernel : from) {
      if (face(kernel).equals(face)) {
        return Way.REMAPPED;
      }
    }
    return Way.TRAMPOLINES;
  }

  /** Kernels whose images a process has that is started under one. */
  static Set<String> startedUnder(String kernel) throws Exception {
    return hasVdso(kernel) ? new TreeSet<>(Set.of(kernel)) : new TreeSet<>();
  }

  /**
   * Looks at the memory of a process that was thawed.
   *
   * @param before where its images lay when it was frozen, as the images say
   * @param from the kernels whose images it had, which all in front have told
   * @return the kernels whose images it has now
   */
  static Set<String> check(
      String what, Process process, List<HandedSet> before, Set<String> from, String to)
      throws Exception {
    Map<String, Long> places = new HashMap<>();
    before.stream().filter(s -> s.vdso() != 0).forEach(s -> places.put(s.kernel(), s.vdso()));
    assertThat(places.keySet()).as(what + ": had images of").isEqualTo(from);
    AddressSpace space = process.space();
    Way way = way(from, to);
    Set<String> kept = new HashSet<>(from);
    long now = 0;
    if (way == Way.REMAPPED || way == Way.TRAMPOLINES) {
      now = current(what, space, to);
      if (way == Way.REMAPPED) {
        assertThat(now).as(what + ": remapped").isEqualTo(requireNonNull(places.get(to)));
      } else {
        assertThat(places.values()).as(what + ": not remapped").doesNotContain(now);
      }
      kept.remove(to);
    }
    for (String kernel : kept) {
      kept(
          what + ", code of " + kernel, space, kernel, requireNonNull(places.get(kernel)), to, now);
    }
    Set<String> has = new TreeSet<>();
    space.handedSets().stream().filter(s -> s.vdso() != 0).forEach(s -> has.add(s.kernel()));
    if (now != 0) {
      kept.add(to);
    }
    assertThat(has).as(what + ": " + way).isEqualTo(kept);
    return has;
  }

  /** The address of the running kernel's image, whose bytes must be what its kernel hands out. */
  private static long current(String what, AddressSpace space, String to) throws Exception {
    List<HandedSet> current = space.handedSets().stream().filter(HandedSet::current).toList();
    assertThat(current).as(what + ": the running kernel's pages").hasSize(1);
    assertThat(current.getFirst().kernel()).as(what).isEqualTo(to);
    long address = current.getFirst().vdso();
    byte[] expected = requireNonNull(VdsoImages.of(Profiles.load(to))).bytes();
    assertThat(read(space, address, expected.length)).as(what).isEqualTo(expected);
    return address;
  }

  /** Code that stays must be as it was but for the first words of functions, which lead on. */
  private static void kept(
      String what, AddressSpace space, String kernel, long at, String to, long now)
      throws Exception {
    byte[] expected = requireNonNull(VdsoImages.of(Profiles.load(kernel))).bytes().clone();
    ByteBuffer there = ByteBuffer.wrap(read(space, at, expected.length));
    ByteBuffer was = ByteBuffer.wrap(expected);
    if (Profiles.load(kernel).architecture().id().equals("ppc64le")) {
      there.order(ByteOrder.LITTLE_ENDIAN);
      was.order(ByteOrder.LITTLE_ENDIAN);
    }
    Map<String, Long> targets = now == 0 ? Map.of() : symbols(to);
    Map<Long, Set<String>> entries = new TreeMap<>();
    symbols(kernel).forEach((n, o) -> entries.computeIfAbsent(o, k -> new TreeSet<>()).add(n));
    for (Map.Entry<Long, Set<String>> entry : entries.entrySet()) {
      int offset = Math.toIntExact(entry.getKey());
      String name = entry.getValue().iterator().next();
      if (name.contains("sigtramp") || name.equals("__kernel_datapage_offset")) {
        continue;
      }
      int word = there.getInt(offset);
      Long target = null;
      for (String each : entry.getValue()) {
        target = targets.containsKey(each) ? targets.get(each) : target;
      }
      String where = "%s: %s at 0x%x is 0x%08x".formatted(what, name, at + offset, word);
      if (target == null) {
        assertThat(word).as(where).isEqualTo(TRAP);
        assertThat(space.handedTrap(at + offset)).as(where).isIn(entry.getValue());
      } else {
        assertThat(word >>> 26).as(where).isEqualTo(BRANCH);
        assertThat(word & 3).as(where + ", relative and without a link").isZero();
        int distance = word << 6 >> 6 & ~3;
        assertThat(at + offset + distance).as(where).isEqualTo(now + target);
      }
      was.putInt(offset, word);
    }
    assertThat(there.array()).as(what + ": all but functions' first words").isEqualTo(expected);
  }

  private static byte[] read(AddressSpace space, long address, int length) {
    byte[] bytes = new byte[length];
    assertThat(TracedMemory.read(space, address, bytes, 0, length)).isEqualTo(length);
    return bytes;
  }
}
