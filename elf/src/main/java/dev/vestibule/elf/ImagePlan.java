package dev.vestibule.elf;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The settled places of everything in an image being built. */
final class ImagePlan {
  final DynamicTables tables;
  final List<SectionSpec> sections;
  final Map<String, Integer> offsets = new LinkedHashMap<>();
  final String soname;
  final int programHeaders;
  private final ImageLayout layout;

  ImagePlan(
      SharedObjectBuilder image,
      DynamicTables tables,
      List<SectionSpec> sections,
      Map<String, Integer> fixedOffsets,
      String soname) {
    this.tables = tables;
    this.sections = sections;
    this.soname = soname;
    int headers = 2;
    for (SectionSpec section : sections) {
      if (section.name().equals(".note") || section.name().equals(".eh_frame_hdr")) {
        headers++;
      }
    }
    programHeaders = headers;
    long offset = Elf.headerSize(image.is64) + (long) headers * Elf.programHeaderSize(image.is64);
    Map<String, Long> addresses = new HashMap<>();
    for (SectionSpec section : sections) {
      offset = offset + section.alignment() - 1 & -section.alignment();
      Integer fixed = fixedOffsets.get(section.name());
      if (fixed != null) {
        if (fixed < offset || fixed % section.alignment() != 0) {
          throw new IllegalArgumentException(
              section.name() + " cannot lie at " + fixed + ", the place is " + offset);
        }
        offset = fixed;
      }
      offsets.put(section.name(), (int) offset);
      addresses.put(section.name(), image.linkBase + offset);
      offset += section.size();
      if (offset > 1 << 24) {
        throw new IllegalArgumentException("the image is larger than 16 MiB");
      }
    }
    if (Integer.bitCount((int) image.segmentAlignment) != 1
        || image.linkBase % image.segmentAlignment != 0) {
      throw new IllegalArgumentException("link base and segment alignment do not agree");
    }
    if (!image.is64 && (image.linkBase < 0 || image.linkBase + offset > 1L << 32)) {
      throw new IllegalArgumentException("the image does not fit a 32-bit address space");
    }
    layout = new ImageLayout(image.linkBase, offset, addresses, values(image, addresses));
  }

  private Map<String, Long> values(SharedObjectBuilder image, Map<String, Long> addresses) {
    Map<String, Long> values = new HashMap<>();
    for (SymbolSpec symbol : image.symbols) {
      long base = 0;
      if (symbol.section() != null) {
        Long address = addresses.get(symbol.section());
        if (address == null) {
          throw new IllegalArgumentException(
              symbol.name() + " lies in " + symbol.section() + ", which the image does not have");
        }
        base = address;
      }
      if (values.put(symbol.name(), base + symbol.offset()) != null) {
        throw new IllegalArgumentException("symbol " + symbol.name() + " exists already");
      }
    }
    return values;
  }

  ImageLayout layout() {
    return layout;
  }

  boolean has(String section) {
    return offsets.containsKey(section);
  }

  int offset(String section) {
    Integer offset = offsets.get(section);
    if (offset == null) {
      throw new IllegalStateException("no section " + section);
    }
    return offset;
  }

  int size(String section) {
    for (SectionSpec candidate : sections) {
      if (candidate.name().equals(section)) {
        return candidate.size();
      }
    }
    throw new IllegalStateException("no section " + section);
  }

  /** Section header index, as used in st_shndx. */
  int index(String section) {
    for (int i = 0; i < sections.size(); i++) {
      if (sections.get(i).name().equals(section)) {
        return i + 1;
      }
    }
    throw new IllegalStateException("no section " + section);
  }

  /** The tags of the dynamic table in the order GNU ld writes them, DT_NULL included. */
  static List<Long> dynamicTags(SharedObjectBuilder image, DynamicTables tables) {
    List<Long> tags = new ArrayList<>();
    tags.add(Elf.DT_SONAME);
    if (image.hashStyle.sysv()) {
      tags.add(Elf.DT_HASH);
    }
    if (image.hashStyle.gnu()) {
      tags.add(Elf.DT_GNU_HASH);
    }
    tags.addAll(List.of(Elf.DT_STRTAB, Elf.DT_SYMTAB, Elf.DT_STRSZ, Elf.DT_SYMENT));
    if (tables.definitions() > 0) {
      tags.addAll(List.of(Elf.DT_VERDEF, Elf.DT_VERDEFNUM, Elf.DT_VERSYM));
    }
    for (Map.Entry<Long, Long> extra : image.dynamics) {
      tags.add(extra.getKey());
    }
    tags.add(Elf.DT_NULL);
    return tags;
  }

  /** Replaces the zeros of the build-id note by a digest over the whole file. */
  void putBuildId(byte[] bytes) {
    byte[] digest;
    try {
      digest = MessageDigest.getInstance("SHA-1").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
    int at = offset(".note");
    int end = at + size(".note");
    byte[] head = {'G', 'N', 'U', 0};
    for (; at + 36 <= end; at += 4) {
      if (java.util.Arrays.equals(bytes, at + 12, at + 16, head, 0, 4)) {
        System.arraycopy(digest, 0, bytes, at + 16, 20);
        return;
      }
    }
    throw new IllegalStateException("the build-id note is gone");
  }
}
