package dev.vestibule.cli.fuzz;

import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.SharedObjectVerifier;
import dev.vestibule.elf.cfi.Fde;
import dev.vestibule.elf.cfi.FrameTable;
import dev.vestibule.handed.ImageMismatch;
import dev.vestibule.handed.VdsoImages;
import dev.vestibule.inspect.CoreFile;
import dev.vestibule.inspect.EditedVdso;
import dev.vestibule.inspect.Fact;
import dev.vestibule.inspect.ImageDiff;
import dev.vestibule.inspect.ImageFacts;
import dev.vestibule.inspect.InspectException;
import dev.vestibule.inspect.KernelImages;
import dev.vestibule.inspect.RejectedImage;
import dev.vestibule.inspect.Specimen;
import dev.vestibule.inspect.VdsoFinder;
import dev.vestibule.inspect.VdsoSymbols;
import dev.vestibule.inspect.consumer.Consumers;
import dev.vestibule.profile.Architecture;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.Profiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * What may happen to hostile input? Nothing but an answer or one line, soon. Each method is handed
 * inputs by a coverage-guided fuzzer; whatever it throws is a finding.
 */
public final class FuzzTargets {
  private static final List<KernelProfile> KERNELS = kernels();
  private static final byte[] PRISTINE =
      Objects.requireNonNull(VdsoImages.of(KERNELS.getFirst())).bytes();

  private FuzzTargets() {}

  /** Reads an image as {@code vdso show}, {@code check} and {@code diff} do. */
  public static final class Image {
    private Image() {}

    public static void fuzzerTestOneInput(byte[] input) {
      try {
        Specimen specimen = Specimen.ofFile("fuzz", input, "6.1.0");
        SharedObjectVerifier.verify(specimen.file()).forEach(f -> oneLine(f.line("fuzz")));
        Consumers.judge(specimen)
            .forEach(verdict -> verdict.reasons().forEach(FuzzTargets::oneLine));
        for (Fact fact : ImageFacts.of(specimen)) {
          oneLine(fact.text());
        }
        ImageDiff.of(specimen, specimen)
            .forEach(d -> {
              throw new IllegalStateException("an image differs from itself: " + d.text());
            });
      } catch (InspectException e) {
        oneLine(e.getMessage());
      }
    }
  }

  /** Reads the call-frame data alone, all rows of it. */
  public static final class Frames {
    private Frames() {}

    public static void fuzzerTestOneInput(byte[] input) {
      try {
        FrameTable table = FrameTable.read(ElfFile.read(input, "fuzz"));
        for (Fde fde : table.fdes()) {
          table.text(fde, column -> "");
          table.rows(fde);
        }
      } catch (ElfException e) {
        oneLine(String.valueOf(e.getMessage()));
      }
    }
  }

  /** Takes an image for {@code --vdso}. */
  public static final class Real {
    private Real() {}

    public static void fuzzerTestOneInput(byte[] input) {
      for (KernelProfile kernel : KERNELS) {
        try {
          ElfFile file = ElfFile.read(input, "fuzz");
          if (Architecture.of(file.header().machine(), file.header().is64(), file.header().order())
              == kernel.architecture()) {
            VdsoImages.of(kernel, input, "fuzz");
          }
        } catch (ImageMismatch | ElfException e) {
          oneLine(String.valueOf(e.getMessage()));
        }
      }
    }
  }

  /** Asks for functions as a checkpointer does, and for edits. */
  public static final class Symbols {
    private Symbols() {}

    public static void fuzzerTestOneInput(byte[] input) {
      for (EditedVdso.Change change : EditedVdso.changes(input, PRISTINE)) {
        oneLine(change.text());
      }
      try {
        for (long offset : VdsoSymbols.read(input, "fuzz").functions().values()) {
          if (offset < 0 || offset >= input.length) {
            throw new IllegalStateException("a function outside: " + offset);
          }
        }
      } catch (RejectedImage e) {
        oneLine(e.getMessage());
      }
    }
  }

  /** Looks for images in a kernel, a package or a core file. */
  public static final class Kernel {
    private static final Path FILE = file();

    private Kernel() {}

    private static Path file() {
      try {
        Path file = Files.createTempFile("vestibule-fuzz", ".tmp");
        file.toFile().deleteOnExit();
        return file;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    public static void fuzzerTestOneInput(byte[] input) throws IOException {
      Files.write(FILE, input);
      try {
        KernelImages.in(FILE);
      } catch (InspectException e) {
        oneLine(e.getMessage());
      }
      try {
        VdsoFinder.find(new CoreFile(ElfFile.read(input, "fuzz")), null);
      } catch (InspectException | ElfException e) {
        oneLine(String.valueOf(e.getMessage()));
      }
    }
  }

  private static List<KernelProfile> kernels() {
    try {
      return List.of(
          Profiles.load("ppc64le-6.1"), Profiles.load("ppc-3.10"), Profiles.load("ppc64-2.6.12"));
    } catch (ProfileException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void oneLine(String text) {
    if (text.indexOf('\n') >= 0) {
      throw new IllegalStateException("more than one line: " + text);
    }
  }
}
