package dev.vestibule.elf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.elf.SharedObjectVerifier.Finding;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Does the verifier pass what kernels map, and name the field that makes an image unusable? */
class SharedObjectVerifierTest {
  /** An image under repair, with the places of its parts. */
  private static final class Patient {
    final SampleImage sample;
    final byte[] bytes;
    final ByteBuffer buffer;
    final ElfFile file;

    Patient(SampleImage sample) throws ElfException {
      this.sample = sample;
      bytes = sample.build().bytes();
      buffer = ByteBuffer.wrap(bytes).order(sample.order);
      file = ElfFile.read(bytes.clone(), "image");
    }

    int segment(int type) {
      List<ProgramHeader> table = file.programHeaders();
      for (int i = 0; i < table.size(); i++) {
        if (table.get(i).type() == type) {
          return (int) file.programHeaderOffset(i);
        }
      }
      throw new AssertionError("no segment " + type);
    }

    int dynamic(long tag) throws ElfException {
      List<DynamicTable.Entry> entries = file.dynamic().entries();
      for (int i = 0; i < entries.size(); i++) {
        if (entries.get(i).tag() == tag) {
          return (int) file.dynamic().offset() + i * (sample.is64 ? 16 : 8);
        }
      }
      throw new AssertionError("no entry " + tag);
    }

    int target(long tag) throws ElfException {
      Long address = file.dynamic().value(tag);
      assertThat(address).isNotNull();
      return (int) file.offsetOf(address);
    }

    void word(int at, long value) {
      if (sample.is64) {
        buffer.putLong(at, value);
      } else {
        buffer.putInt(at, (int) value);
      }
    }
  }

  private interface Damage {
    void to(Patient patient) throws ElfException;
  }

  @ParameterizedTest
  @EnumSource(SampleImage.class)
  void passesOurImages(SampleImage sample) throws ElfException {
    assertThat(SharedObjectVerifier.verify(ElfFile.read(sample.build().bytes(), "image")))
        .isEmpty();
    byte[] loaded = sample.build().loaded();
    // In memory the section headers are gone but their offset is not.
    assertThat(SharedObjectVerifier.verify(ElfFile.read(loaded, "[vdso]")))
        .allSatisfy(finding -> assertThat(finding.field()).isEqualTo("e_shoff"));
  }

  @Test
  void passesTheVdsoOfThisHost() throws IOException, ElfException {
    assertThat(SharedObjectVerifier.verify(ElfFile.read(hostVdso(), "[vdso]"))).isEmpty();
  }

  private static byte[] hostVdso() throws IOException {
    Path maps = Path.of("/proc/self/maps");
    Assumptions.assumeTrue(Files.exists(maps), "this host has no /proc");
    for (String line : Files.readAllLines(maps)) {
      if (line.endsWith("[vdso]")) {
        long start = Long.parseUnsignedLong(line.substring(0, line.indexOf('-')), 16);
        long end =
            Long.parseUnsignedLong(line.substring(line.indexOf('-') + 1, line.indexOf(' ')), 16);
        byte[] bytes = new byte[(int) (end - start)];
        try (RandomAccessFile memory = new RandomAccessFile("/proc/self/mem", "r")) {
          memory.seek(start);
          memory.readFully(bytes);
        }
        return bytes;
      }
    }
    Assumptions.abort("this host maps no vDSO");
    return new byte[0];
  }

  @ParameterizedTest
  @EnumSource(
      value = SampleImage.class,
      names = {"PPC", "PPC64", "PPC64LE"})
  void namesTheDamagedField(SampleImage sample) throws ElfException {
    int flags = sample.is64 ? 4 : 24;
    int vaddr = sample.is64 ? 16 : 8;
    int memsz = sample.is64 ? 40 : 20;
    int align = sample.is64 ? 48 : 28;
    int half = sample.is64 ? 8 : 4;
    finds(sample, "e_type", p -> p.buffer.putShort(16, (short) Elf.ET_EXEC));
    finds(sample, "e_entry", p -> p.word(24, sample.base + 8));
    finds(sample, "PT_LOAD p_flags", p -> p.buffer.putInt(p.segment(Elf.PT_LOAD) + flags, 7));
    finds(sample, "PT_LOAD p_flags", p -> p.buffer.putInt(p.segment(Elf.PT_LOAD) + flags, 4));
    finds(sample, "PT_LOAD p_memsz", p -> p.word(p.segment(Elf.PT_LOAD) + memsz, 0x10000));
    finds(sample, "PT_LOAD p_align", p -> p.word(p.segment(Elf.PT_LOAD) + align, 0x3000));
    finds(sample, "e_phnum", p -> p.buffer.putInt(p.segment(Elf.PT_NOTE), Elf.PT_LOAD));
    finds(sample, "PT_TLS", p -> p.buffer.putInt(p.segment(Elf.PT_NOTE), Elf.PT_TLS));
    finds(sample, "PT_INTERP", p -> p.buffer.putInt(p.segment(Elf.PT_NOTE), Elf.PT_INTERP));
    finds(sample, "p_vaddr", p -> p.word(p.segment(Elf.PT_DYNAMIC) + vaddr, 0x40));
    finds(sample, "DT_NEEDED", p -> p.word(p.dynamic(Elf.DT_SONAME), Elf.DT_NEEDED));
    finds(sample, "DT_SONAME", p -> p.word(p.dynamic(Elf.DT_SONAME), 99));
    finds(sample, "DT_TEXTREL", p -> p.word(p.dynamic(Elf.DT_SYMENT), Elf.DT_TEXTREL));
    finds(sample, "DT_RELA", p -> p.word(p.dynamic(Elf.DT_SYMENT), Elf.DT_RELASZ));
    finds(sample, "DT_STRTAB", p -> p.word(p.dynamic(Elf.DT_STRTAB) + half, -8));
    finds(sample, "DT_STRSZ", p -> p.word(p.dynamic(Elf.DT_STRSZ) + half, 0x100000));
    finds(sample, "DT_VERDEF", p -> p.word(p.dynamic(Elf.DT_VERDEF), 98));
    finds(sample, "DT_VERDEFNUM", p -> p.word(p.dynamic(Elf.DT_VERDEFNUM) + half, 9));
    finds(sample, "vd_hash", p -> p.buffer.putInt(p.target(Elf.DT_VERDEF) + 28 + 8, 1));
    finds(sample, "vd_ndx", p -> p.buffer.putShort(p.target(Elf.DT_VERDEF) + 28 + 4, (short) 1));
    finds(sample, "vd_next", p -> p.buffer.putInt(p.target(Elf.DT_VERDEF) + 16, 0));
    finds(sample, "DT_VERSYM", p -> p.buffer.putShort(p.target(Elf.DT_VERSYM) + 2, (short) 1));
    finds(sample, "st_value", p -> p.word(symbol(p) + (sample.is64 ? 8 : 4), sample.base));
    finds(
        sample, "st_shndx", p -> p.buffer.putShort(symbol(p) + (sample.is64 ? 6 : 14), (short) 0));
    finds(sample, "st_name", p -> p.buffer.putInt(symbol(p), 0x7fffffff));
    finds(sample, "DT_HASH", p -> emptyBuckets(p, p.target(Elf.DT_HASH) + 8));
    finds(
        sample,
        "DT_GNU_HASH",
        p -> {
          int at = p.target(Elf.DT_GNU_HASH);
          emptyBuckets(p, at + 16 + p.buffer.getInt(at + 8) * half);
        });
    finds(sample, "DT_HASH", p -> loopChains(p, p.target(Elf.DT_HASH)));
    finds(sample, "n_namesz", p -> p.buffer.putInt(note(p), -1));
    finds(sample, "n_descsz", p -> p.buffer.putInt(note(p) + 4, 0x7ffffff0));
    finds(sample, "sh_name", p -> p.buffer.putInt(sectionTable(p) + sectionSize(p), -1));
    finds(sample, "e_shoff", p -> p.word(sample.is64 ? 40 : 32, p.bytes.length - 8));
    finds(sample, "pc_begin", p -> p.buffer.putInt(frame(p) + fde(p) + 8, 0x100000));
    finds(sample, "CIE_pointer", p -> p.buffer.putInt(frame(p) + fde(p) + 4, 8));
    finds(sample, "CIE version", p -> p.buffer.put(frame(p) + 8, (byte) 2));
    finds(
        sample, "call-frame instruction", p -> p.buffer.put(frame(p) + cieProgram(), (byte) 0x3f));
    finds(sample, "fde_count", p -> p.buffer.putInt(header(p) + 8, 1));
    finds(sample, "eh_frame_hdr table", p -> p.buffer.putInt(header(p) + 12, 64));
  }

  /** vd_next damage shows as a wrong count. */
  private static String expected(String field) {
    return field.equals("vd_next") ? "DT_VERDEFNUM" : field;
  }

  private static void finds(SampleImage sample, String field, Damage damage) throws ElfException {
    Patient patient = new Patient(sample);
    damage.to(patient);
    List<Finding> findings = SharedObjectVerifier.verify(ElfFile.read(patient.bytes, "image"));
    assertThat(findings).as(field).extracting(Finding::field).contains(expected(field));
    assertThat(findings)
        .allSatisfy(f -> assertThat(f.line("image")).startsWith("image: ").doesNotContain("\n"));
  }

  private static int symbol(Patient p) throws ElfException {
    return p.target(Elf.DT_SYMTAB) + Elf.symbolSize(p.sample.is64);
  }

  private static int note(Patient p) {
    ProgramHeader note = p.file.segment(Elf.PT_NOTE);
    assertThat(note).isNotNull();
    return (int) note.offset();
  }

  private static int header(Patient p) {
    ProgramHeader header = p.file.segment(Elf.PT_GNU_EH_FRAME);
    assertThat(header).isNotNull();
    return (int) header.offset();
  }

  private static int frame(Patient p) {
    SectionHeader section = p.file.section(".eh_frame");
    assertThat(section).isNotNull();
    return (int) section.offset();
  }

  private static int fde(Patient p) {
    return p.buffer.getInt(frame(p)) + 4;
  }

  /** Length, identifier, version, "zRS", two factors, column, length and encoding precede it. */
  private static int cieProgram() {
    return 4 + 4 + 1 + 4 + 2 + 1 + 2;
  }

  private static int sectionTable(Patient p) {
    return (int) p.file.header().shoff();
  }

  private static int sectionSize(Patient p) {
    return Elf.sectionHeaderSize(p.sample.is64);
  }

  private static void emptyBuckets(Patient p, int at) {
    for (int i = 0; i < 3; i++) {
      p.buffer.putInt(at + 4 * i, 0);
    }
  }

  /** Every chain leads back to symbol 4, which no name in the other chains matches. */
  private static void loopChains(Patient p, int at) {
    int buckets = p.buffer.getInt(at);
    int chains = p.buffer.getInt(at + 4);
    for (int i = 0; i < buckets + chains; i++) {
      p.buffer.putInt(at + 8 + 4 * i, chains - 1);
    }
  }
}
