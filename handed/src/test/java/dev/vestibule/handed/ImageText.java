package dev.vestibule.handed;

import dev.vestibule.elf.cfi.Fde;
import dev.vestibule.elf.cfi.FrameTable;
import dev.vestibule.inspect.Fact;
import dev.vestibule.inspect.ImageFacts;
import dev.vestibule.inspect.Specimen;
import java.util.ArrayList;
import java.util.List;

/** What can a program see of a vDSO image? One line for each fact, in a fixed order. */
final class ImageText {
  private ImageText() {}

  /**
   * The facts of an image.
   *
   * @param frames whether the instructions of its call-frame data are shown, too: facts do not tell
   *     one expression from another
   */
  static List<String> of(String name, byte[] file, boolean frames) throws Exception {
    Specimen specimen = Specimen.ofFile(name, file, null);
    List<String> lines = new ArrayList<>();
    for (Fact fact : ImageFacts.of(specimen)) {
      lines.add(fact.kind() + ": " + fact.text());
    }
    if (frames) {
      FrameTable table = FrameTable.read(specimen.file());
      for (Fde fde : table.fdes()) {
        lines.add("instructions of frame 0x%06x:".formatted(fde.start()));
        for (String line : table.text(fde, column -> "")) {
          lines.add("  " + line.strip());
        }
      }
    }
    return lines;
  }
}
