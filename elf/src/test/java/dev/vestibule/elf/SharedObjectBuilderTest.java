package dev.vestibule.elf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Does the builder keep its promises to those who assemble the code? */
class SharedObjectBuilderTest {
  private static SharedObjectBuilder plain() {
    return new SharedObjectBuilder(true, ByteOrder.LITTLE_ENDIAN, Elf.EM_PPC64)
        .soname("linux-vdso64.so.1")
        .version("LINUX_2.6.15");
  }

  /** Code that holds its distance to a page in front of the image and to one behind it. */
  @Test
  void codeKnowsWhereTheDataPageLies() {
    int page = 0x10000;
    SharedObjectBuilder image =
        plain()
            .linkBase(0x100000)
            .symbol(SymbolSpec.function("__kernel_word", "LINUX_2.6.15", ".text", 8, 8))
            .section(
                SectionSpec.code(
                    ".text",
                    16,
                    16,
                    layout -> {
                      ByteBuffer code = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
                      long word = layout.symbol("__kernel_word");
                      code.putInt((int) (layout.linkBase() - page - word));
                      code.putInt((int) (layout.pageEnd(page) - word));
                      return code.array();
                    }));
    ImageLayout early = image.layout();
    SharedObject built = image.build();
    assertThat(built.layout()).isEqualTo(early);
    assertThat(early.symbol("__kernel_word")).isEqualTo(early.address(".text") + 8);
    ByteBuffer code = ByteBuffer.wrap(built.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    int text = (int) (early.address(".text") - 0x100000);
    assertThat(code.getInt(text)).isEqualTo(-page - text - 8);
    assertThat(code.getInt(text + 4)).isEqualTo(page - text - 8);
    assertThat(built.loaded()).hasSize((int) early.loadSize());
    assertThat(image.build().bytes()).isEqualTo(built.bytes());
  }

  @Test
  void sectionsLieInTheOrderOfTheirEra() throws ElfException {
    List<String> order =
        List.of(
            ".hash",
            ".dynsym",
            ".dynstr",
            ".gnu.version",
            ".gnu.version_d",
            ".text",
            ".got",
            ".dynamic");
    SharedObject built =
        plain()
            .hashStyle(SharedObjectBuilder.HashStyle.SYSV)
            .section(SectionSpec.data(".got", 8, new byte[24]))
            .section(SectionSpec.code(".text", 16, new byte[32]))
            .fixedOffset(".text", 0x400)
            .order(order)
            .dynamic(0x70000003, 3)
            .build();
    ElfFile file = ElfFile.read(built.bytes(), "image");
    assertThat(file.sections().stream().map(SectionHeader::name))
        .startsWith("")
        .containsSubsequence(order)
        .endsWith(".symtab", ".strtab", ".shstrtab");
    assertThat(built.layout().address(".text")).isEqualTo(0x400);
    assertThat(file.dynamic().value(0x70000003)).isEqualTo(3);
  }

  /** powerpc kernels do both at boot, by processor feature. */
  @Test
  void symbolsCanBeRedirectedAndRemoved() throws ElfException {
    for (SampleImage sample : SampleImage.values()) {
      byte[] image = sample.build().bytes();
      SymbolTable before = ElfFile.read(image, "image").dynamicSymbols();
      String first = before.symbols().get(1).name();
      String second = before.symbols().get(2).name();
      byte[] redirected = SymbolPatch.redirect(image, first, second);
      SymbolTable after = ElfFile.read(redirected, "image").dynamicSymbols();
      ElfSymbol target = before.find(second, null);
      assertThat(target).isNotNull();
      for (ElfSymbol found :
          java.util.Arrays.asList(
              after.find(first, null),
              after.hasSysvHash() ? after.findBySysvHash(first, null) : after.find(first, null),
              after.hasGnuHash() ? after.findByGnuHash(first, null) : after.find(first, null))) {
        assertThat(found).isNotNull();
        assertThat(found.value()).isEqualTo(target.value());
        assertThat(found.size()).isEqualTo(target.size());
      }
      assertThat(SharedObjectVerifier.verify(ElfFile.read(redirected, "image"))).isEmpty();
      byte[] removed = SymbolPatch.remove(image, first);
      assertThat(ElfFile.read(removed, "image").dynamicSymbols().find(first, null)).isNull();
      assertThat(SharedObjectVerifier.verify(ElfFile.read(removed, "image"))).isEmpty();
    }
    assertThatThrownBy(() -> SymbolPatch.remove(SampleImage.PPC.build().bytes(), "no such"))
        .hasMessageContaining("there is no symbol no such");
  }

  @Test
  void mistakesAreNamed() {
    SectionSpec text = SectionSpec.code(".text", 4, new byte[4]);
    SymbolSpec f = SymbolSpec.function("f", "LINUX_2.6.15", ".text", 0, 4);
    assertThatThrownBy(() -> plain().symbol(f).build()).hasMessageContaining(".text");
    assertThatThrownBy(() ->
            plain()
                .section(text)
                .symbol(SymbolSpec.function("f", "LINUX_9", ".text", 0, 4))
                .build())
        .hasMessageContaining("LINUX_9");
    assertThatThrownBy(() -> plain().section(text).symbol(f).symbol(f).build())
        .hasMessageContaining("f exists already");
    assertThatThrownBy(() -> plain().section(text).section(text))
        .hasMessageContaining(".text exists already");
    assertThatThrownBy(() -> plain().section(text).order(List.of(".text")).build())
        .hasMessageContaining("lacks");
    assertThatThrownBy(() -> plain().section(text).fixedOffset(".text", 8).build())
        .hasMessageContaining("cannot lie at 8");
    assertThatThrownBy(
            () -> plain().section(SectionSpec.code(".text", 4, 8, l -> new byte[4])).build())
        .hasMessageContaining("announced 8 bytes, got 4");
    assertThatThrownBy(() -> plain().linkBase(0x1000).section(text).build())
        .hasMessageContaining("link base");
    assertThatThrownBy(() -> plain().section(text).entry("g").build())
        .hasMessageContaining("no symbol g");
    assertThatThrownBy(() ->
            new SharedObjectBuilder(false, ByteOrder.BIG_ENDIAN, Elf.EM_PPC)
                .soname("x")
                .linkBase(0x100000000L)
                .build())
        .hasMessageContaining("32-bit");
  }
}
