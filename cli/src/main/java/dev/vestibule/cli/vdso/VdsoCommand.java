package dev.vestibule.cli.vdso;

import dev.vestibule.cli.CommandFailure;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.SharedObjectVerifier;
import dev.vestibule.handed.ImageText;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What does {@code vestibule vdso} take? */
@Command(
    name = "vdso",
    description = "Show, check, extract or compare vDSO images.",
    footer = {"", "TARGET is a file, profile:NAME or pid:N."},
    subcommands = ExtractCommand.class)
public final class VdsoCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Command(name = "show", description = "Print headers, symbols, notes and unwind data.")
  int show(@Parameters(paramLabel = "TARGET") String target) throws CommandFailure {
    lines(VdsoTarget.of(target), true).forEach(System.out::println);
    return 0;
  }

  @Command(name = "check", description = "Say what in an image no kernel would hand out.")
  int check(@Parameters(paramLabel = "TARGET") String target) throws CommandFailure {
    VdsoTarget image = VdsoTarget.of(target);
    List<SharedObjectVerifier.Finding> findings = SharedObjectVerifier.verify(image.file());
    findings.forEach(finding -> System.out.println(finding.line(target)));
    return findings.isEmpty() ? 0 : 1;
  }

  @Command(name = "diff", description = "Compare two images by what a program sees of them.")
  int diff(
      @Parameters(paramLabel = "TARGET") String one, @Parameters(paramLabel = "TARGET") String two)
      throws CommandFailure {
    List<String> left = lines(VdsoTarget.of(one), false);
    List<String> right = lines(VdsoTarget.of(two), false);
    left.stream().filter(line -> !right.contains(line)).forEach(l -> System.out.println("-" + l));
    right.stream().filter(line -> !left.contains(line)).forEach(l -> System.out.println("+" + l));
    return left.equals(right) ? 0 : 1;
  }

  private static List<String> lines(VdsoTarget image, boolean frames) throws CommandFailure {
    try {
      return ImageText.of(image.file(), frames);
    } catch (ElfException e) {
      throw CommandFailure.ours(e.getMessage());
    }
  }

  @Override
  public Integer call() {
    if (spec != null) {
      spec.commandLine().usage(System.err);
    }
    return CommandFailure.OURS;
  }
}
