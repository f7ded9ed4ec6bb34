package dev.vestibule.cli.vdso;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vestibule.elf.DynamicTable;
import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.ElfSymbol;
import dev.vestibule.handed.VdsoImage;
import dev.vestibule.handed.VdsoImages;
import dev.vestibule.inspect.EditedVdso;
import dev.vestibule.inspect.RejectedImage;
import dev.vestibule.inspect.RejectedImage.Rule;
import dev.vestibule.inspect.VdsoSymbols;
import dev.vestibule.profile.Profiles;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Is an image that nobody vouches for read or rejected, and never anything else? The rules are
 * those of CRIU's util-vdso.c; the last four cases are what it does not look at, the first of them
 * a division by zero in the process that is being restored.
 */
class VdsoSymbolsTest {
  private static VdsoImage image(String kernel) throws Exception {
    return Objects.requireNonNull(VdsoImages.of(Profiles.load(kernel)));
  }

  /** An image to be damaged: 64 bits, little-endian, with both hash tables. */
  private static final class Damaged {
    private final byte[] bytes;
    private final ByteBuffer in;
    private final ElfFile file;

    Damaged() throws Exception {
      bytes = image("ppc64le-6.1").file();
      file = ElfFile.read(bytes.clone(), "sound");
      in = ByteBuffer.wrap(bytes).order(file.header().order());
    }

    /** File offset of what an entry of the dynamic table points at. */
    int target(long tag) throws Exception {
      return (int) file.offsetOf(Objects.requireNonNull(file.dynamic().value(tag)));
    }

    /** File offset of an entry of the dynamic table. */
    int entry(long tag) throws Exception {
      DynamicTable dynamic = file.dynamic();
      for (int i = 0; i < dynamic.entries().size(); i++) {
        if (dynamic.entries().get(i).tag() == tag) {
          return (int) dynamic.offset() + 16 * i;
        }
      }
      throw new AssertionError("no entry " + tag);
    }

    /** File offset of the first program header of a type. */
    int segment(int type) {
      for (int i = 0; i < file.programHeaders().size(); i++) {
        if (file.programHeaders().get(i).type() == type) {
          return (int) file.header().phoff() + 56 * i;
        }
      }
      throw new AssertionError("no segment " + type);
    }

    int symbol(String name) throws Exception {
      ElfSymbol symbol = file.dynamicSymbols().find(name, null);
      return (int) Objects.requireNonNull(symbol).offset();
    }

    void isRejectedBy(Rule rule) {
      RejectedImage rejected =
          catchThrowableOfType(RejectedImage.class, () -> VdsoSymbols.read(bytes, "damaged"));
      assertThat(rejected).as("an image against rule %s", rule).isNotNull();
      assertThat(rejected.rule()).as("%s", rejected.getMessage()).isEqualTo(rule);
      assertThat(rejected.getMessage())
          .startsWith("damaged: ")
          .contains(" at 0x")
          .doesNotContain("\n");
    }
  }

  @Test
  void ownImagesAreRead() throws Exception {
    for (String kernel : new String[] {"ppc64-2.6.18", "ppc-3.10", "ppc64-5.11", "ppc64le-6.18"}) {
      VdsoImage image = image(kernel);
      Map<String, Long> functions = VdsoSymbols.read(image.bytes(), kernel).functions();
      assertThat(functions).as(kernel).containsKeys("__kernel_gettimeofday", "__kernel_get_tbfreq");
      functions.forEach((name, offset) -> {
        if (!name.equals("__kernel_datapage_offset")) { // a word that is offered like a function
          assertThat(image.functions().get(name))
              .as("%s %s", kernel, name)
              .isEqualTo(offset.intValue());
        }
      });
    }
  }

  @Test
  void headers() throws Exception {
    Damaged magic = new Damaged();
    magic.bytes[0] = 0;
    magic.isRejectedBy(Rule.HEADER);
    Damaged abi = new Damaged();
    abi.bytes[7] = 9;
    abi.isRejectedBy(Rule.OSABI);
    Damaged gnu = new Damaged();
    gnu.bytes[7] = 3;
    assertThat(VdsoSymbols.read(gnu.bytes, "gnu").functions()).isNotEmpty();
    Damaged far = new Damaged();
    far.in.putLong(32, Long.MAX_VALUE);
    far.isRejectedBy(Rule.PROGRAM_HEADERS);
    Damaged many = new Damaged();
    many.in.putShort(56, (short) 0xfffe);
    many.isRejectedBy(Rule.PROGRAM_HEADERS);
  }

  @Test
  void segments() throws Exception {
    Damaged twice = new Damaged();
    twice.in.putInt(twice.segment(Elf.PT_NOTE), Elf.PT_LOAD);
    twice.isRejectedBy(Rule.SEGMENTS);
    Damaged none = new Damaged();
    none.in.putInt(none.segment(Elf.PT_DYNAMIC), Elf.PT_NOTE);
    none.isRejectedBy(Rule.SEGMENTS);
    Damaged longer = new Damaged();
    longer.in.putLong(longer.segment(Elf.PT_LOAD) + 32, -1);
    longer.isRejectedBy(Rule.SEGMENTS);
  }

  @Test
  void dynamicTable() throws Exception {
    Damaged outside = new Damaged();
    outside.in.putLong(outside.segment(Elf.PT_DYNAMIC) + 8, 1L << 40);
    outside.isRejectedBy(Rule.DYNAMIC);
    for (long tag : new long[] {Elf.DT_STRTAB, Elf.DT_SYMTAB, Elf.DT_STRSZ, Elf.DT_SYMENT}) {
      Damaged without = new Damaged();
      without.in.putLong(without.entry(tag), 0x6ffffdff);
      without.isRejectedBy(Rule.TAGS);
    }
    Damaged small = new Damaged();
    small.in.putLong(small.entry(Elf.DT_SYMENT) + 8, 8);
    small.isRejectedBy(Rule.TAGS);
  }

  @Test
  void symbols() throws Exception {
    Damaged value = new Damaged();
    value.in.putLong(value.symbol("__kernel_gettimeofday") + 8, 1 << 30);
    value.isRejectedBy(Rule.SYMBOLS);
    Damaged name = new Damaged();
    name.in.putInt(name.symbol("__kernel_gettimeofday"), 1 << 30);
    name.isRejectedBy(Rule.SYMBOLS);
  }

  @Test
  void noBuckets() throws Exception {
    Damaged image = new Damaged();
    image.in.putInt(image.target(Elf.DT_HASH), 0);
    image.isRejectedBy(Rule.HASH);
  }

  @Test
  void moreChainsThanTheImageHoldsBytes() throws Exception {
    Damaged image = new Damaged();
    image.in.putInt(image.target(Elf.DT_HASH) + 4, 0x7fffffff);
    image.isRejectedBy(Rule.HASH);
  }

  @Test
  void chainThatLeadsOut() throws Exception {
    Damaged image = new Damaged();
    int table = image.target(Elf.DT_HASH);
    for (int i = 0; i < image.in.getInt(table); i++) {
      image.in.putInt(table + 8 + 4 * i, 0x00ffffff);
    }
    image.isRejectedBy(Rule.HASH);
  }

  /** Every bucket leads into a circle of two symbols. */
  @Test
  void chainWithoutEnd() throws Exception {
    Damaged image = new Damaged();
    int table = image.target(Elf.DT_HASH);
    int buckets = image.in.getInt(table);
    for (int i = 0; i < buckets; i++) {
      image.in.putInt(table + 8 + 4 * i, 1);
    }
    image.in.putInt(table + 8 + 4 * (buckets + 1), 2);
    image.in.putInt(table + 8 + 4 * (buckets + 2), 1);
    image.isRejectedBy(Rule.HASH);
  }

  @Test
  void editsAreNamed() throws Exception {
    VdsoImage image = image("ppc64le-6.1");
    byte[] pristine = image.bytes();
    assertThat(EditedVdso.changes(pristine.clone(), pristine)).isEmpty();
    byte[] edited = pristine.clone();
    int at = Objects.requireNonNull(image.functions().get("__kernel_getcpu"));
    edited[at + 3] ^= 1;
    edited[at] ^= 1;
    assertThat(EditedVdso.changes(edited, pristine))
        .containsExactly(new EditedVdso.Change(at, 4, "__kernel_getcpu"));
    assertThat(EditedVdso.changes(new byte[pristine.length], pristine)).hasSizeLessThan(100);
  }

  /** Anything may be in an image; nothing but an answer or a rejection comes of it. */
  @Test
  void randomDamage() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    byte[] sound = image("ppc64le-6.1").file();
    int headers = 0x400;
    for (int round = 0; round < 5000; round++) {
      byte[] bytes = sound.clone();
      for (int edits = 1 + random.nextInt(8); edits > 0; edits--) {
        int at = random.nextInt(random.nextBoolean() ? headers : bytes.length);
        bytes[at] = (byte) (random.nextBoolean() ? random.nextInt() : bytes[at] ^ 0x80);
      }
      try {
        VdsoSymbols.read(bytes, "random")
            .functions()
            .values()
            .forEach(offset ->
                assertThat(offset).as("seed %d", seed).isBetween(0L, (long) bytes.length - 1));
      } catch (RejectedImage e) {
        assertThat(e.getMessage()).as("seed %d", seed).doesNotContain("\n");
      }
    }
  }
}
