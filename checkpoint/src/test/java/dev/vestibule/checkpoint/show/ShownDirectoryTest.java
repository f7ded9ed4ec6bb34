package dev.vestibule.checkpoint.show;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vestibule.checkpoint.ImageException;
import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageReader;
import dev.vestibule.checkpoint.image.ImageWriter;
import dev.vestibule.checkpoint.schema.CoreEntry;
import dev.vestibule.checkpoint.schema.MachineType;
import dev.vestibule.checkpoint.schema.PagemapEntry;
import dev.vestibule.checkpoint.schema.PagemapHead;
import dev.vestibule.inspect.Fact;
import dev.vestibule.inspect.HostProcess;
import dev.vestibule.inspect.Specimen;
import dev.vestibule.inspect.VdsoFinder;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Is everything told of images that a real CRIU wrote, and of what others might write? */
class ShownDirectoryTest {
  private static final Path REAL = Path.of("src", "test", "images", "criu-x86_64");
  private static final int PID = 13055;
  private static final long VDSO = 0x7fedccab5000L;

  @TempDir private Path directory;

  private Path copy(String name) throws IOException {
    Path copy = Files.createDirectory(directory.resolve(name));
    try (Stream<Path> images = Files.list(REAL)) {
      for (Path image : images.toList()) {
        Files.copy(image, copy.resolve(image.getFileName()));
      }
    }
    return copy;
  }

  private static List<String> lines(Path images) throws ImageException {
    ShownDirectory shown = ShownDirectory.read(images);
    List<Fact> facts = new ArrayList<>(shown.facts());
    shown.processes().forEach(process -> facts.addAll(process.facts()));
    return facts.stream().map(fact -> fact.kind() + ": " + fact.text()).toList();
  }

  @Test
  void realImagesOfAnotherMachine() throws Exception {
    assertThat(lines(REAL))
        .contains(
            "images: version 2, written by CRIU, pages counted as by CRIU 4.2 and later",
            "process: 13055 \"clock\", child of 0, group 13055, session 13055, alive, 2 threads,"
                + " X86_64",
            "thread: 13058 X86_64 at 0x7fedccab5b54 ([vdso] + 0xb54), stack 0x7fedcc8bde80",
            "rseq: 13058: area 0x7fedcc8befe0, 32 bytes, signature 0x53053053",
            "mapping: 0x7fedccaaf000..0x7fedccab5000 r--p REGULAR ANON_PRIVATE VVAR, 0 pages in"
                + " images",
            "mapping: 0x7fedccab5000..0x7fedccab7000 r-xp REGULAR VDSO ANON_PRIVATE, 2 pages in"
                + " images",
            "auxv: AT_SYSINFO_EHDR 0x7fedccab5000",
            "auxv: AT_RSEQ_FEATURE_SIZE 0x1c",
            "pages: 28 in 12 runs, 28 present, 0 in the parent, 13 lazy; pages-1.img is missing",
            "process: 13057 \"clock\", child of 13055, group 13055, session 13055, alive, 1"
                + " threads, X86_64")
        .anyMatch(line -> line.startsWith("registers: 13058: r15 0x7fedcc0be000, "))
        .anyMatch(line -> line.contains("ip 0x7fedccab5b54") && line.endsWith("mode native"));
  }

  @Test
  void theImageComesFromThePages() throws Exception {
    Path images = copy("images");
    byte[] own;
    try (HostProcess self = new HostProcess("self")) {
      own = VdsoFinder.find(self, null).bytes();
    }
    byte[] image = Arrays.copyOf(own, 8192);
    write(images, 1, VDSO, image);
    ShownProcess process = ShownDirectory.read(images).processes().getFirst();
    Specimen found = VdsoFinder.find(process, null);
    assertThat(found.bytes()).startsWith(Arrays.copyOf(image, 4096));
    assertThat(found.architecture())
        .isEqualTo(System.getProperty("os.arch").replace("amd64", "x86_64"));
    assertThat(found.sighting()).isNotNull();
    assertThat(found.sighting().address()).isEqualTo(VDSO);
    assertThat(found.sighting().moved()).isFalse();
  }

  /** Puts bytes where a process's pagemap has an address. */
  private static void write(Path images, int pages, long address, byte[] bytes) throws Exception {
    ImageReader map = ImageReader.open(images, ImageKind.PAGEMAP, PID);
    map.next(PagemapHead.parser());
    long at = 0;
    try (RandomAccessFile file =
        new RandomAccessFile(images.resolve("pages-" + pages + ".img").toFile(), "rw")) {
      for (ImageReader.Entry<PagemapEntry> run : map.all(PagemapEntry.parser())) {
        if (run.message().getVaddr() == address) {
          file.seek(at);
          file.write(bytes);
        }
        at += run.message().getNrPages() * 4096;
      }
      file.setLength(at);
    }
  }

  private static PagemapEntry run(long address, int flags, boolean wide) {
    PagemapEntry.Builder run = PagemapEntry.newBuilder().setVaddr(address).setFlags(flags);
    return wide ? run.setCompatNrPages(0).setNrPages(2).build() : run.setCompatNrPages(2).build();
  }

  private static void pagemap(Path images, PagemapEntry... runs) throws Exception {
    Path file = images.resolve(ImageKind.PAGEMAP.file(PID));
    Files.deleteIfExists(file);
    ImageWriter writer =
        new ImageWriter(ImageKind.PAGEMAP, PID).add(PagemapHead.newBuilder().setPagesId(7).build());
    for (PagemapEntry run : runs) {
      writer.add(run);
    }
    writer.write(images);
  }

  @Test
  void pagesOfAnEarlierDumpAreFoundThere() throws Exception {
    Path first = copy("first");
    Path second = copy("second");
    Files.createSymbolicLink(second.resolve("parent"), Path.of("../first"));
    byte[] bytes = new byte[8192];
    Arrays.fill(bytes, (byte) 7);
    pagemap(first, run(0x10000, 4, false), run(VDSO, 4, false));
    byte[] all = Arrays.copyOf(bytes, 16384);
    Arrays.fill(all, 8192, 16384, (byte) 9);
    Files.write(first.resolve("pages-7.img"), all);
    pagemap(second, run(0x10000, 4, false), run(VDSO, 1, false));
    Files.write(second.resolve("pages-7.img"), bytes);
    ShownProcess process = ShownDirectory.read(second).processes().getFirst();
    assertThat(process.read(VDSO, 8192)).containsOnly(9);
    assertThat(process.read(0x10000, 8192)).containsOnly(7);
    assertThat(process.read(0x30000, 1)).isEmpty();
    assertThat(lines(second))
        .contains(
            "parent: ../first, images of an earlier dump",
            "pages: 4 in 2 runs, 2 present, 2 in the parent, 0 lazy; pages-7.img has 8192 bytes");
  }

  @Test
  void whoeverCountedThePagesIsTold() throws Exception {
    Path images = copy("images");
    Files.delete(images.resolve("pagemap-13057.img"));
    pagemap(images, run(VDSO, 4, false));
    assertThat(lines(images).getFirst()).endsWith("pages counted as by CRIU up to 4.1");
    pagemap(images, run(VDSO, 4, true));
    assertThat(lines(images).getFirst()).endsWith("pages counted as by CRIU 4.2 and later");
  }

  @Test
  void parentsInACircleEnd() throws Exception {
    Path images = copy("images");
    pagemap(images, run(VDSO, 1, true));
    Files.createSymbolicLink(images.resolve("parent"), Path.of("."));
    ShownProcess process = ShownDirectory.read(images).processes().getFirst();
    assertThat(process.read(VDSO, 4096)).isEmpty();
  }

  @Test
  void registersOfOtherMachinesAreNotDescribed() throws Exception {
    Path images = copy("images");
    Files.delete(images.resolve("core-13057.img"));
    new ImageWriter(ImageKind.CORE, 13057)
        .add(CoreEntry.newBuilder().setMtype(MachineType.AARCH64).build())
        .write(images);
    assertThat(lines(images))
        .contains("thread: 13057 AARCH64", "registers: 13057: of AARCH64 are not described");
  }

  @Test
  void packedImagesAreNamed() throws Exception {
    Path images = copy("images");
    Files.write(images.resolve("pstree.img"), new byte[] {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0});
    assertThatThrownBy(() -> ShownDirectory.read(images))
        .isInstanceOf(ImageException.class)
        .hasMessage("pstree.img: magic at 0x0: is that of gzip: unpack it first");
  }
}
