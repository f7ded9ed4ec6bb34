package dev.vestibule.cli;

import dev.vestibule.handed.VdsoImage;
import dev.vestibule.handed.VdsoImages;
import dev.vestibule.profile.AuxType;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.KernelProfile.Area;
import dev.vestibule.profile.KernelProfile.Reach;
import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.Profiles;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What does each built-in kernel profile say, beside its predecessor? The page docs/profiles.md.
 */
final class ProfilesPage {
  private static final String PREFIX = "__kernel_";

  private final StringBuilder text = new StringBuilder();

  private ProfilesPage() {}

  /** The whole page. */
  static String page() throws ProfileException {
    Map<String, List<KernelProfile>> families = new LinkedHashMap<>();
    for (String name : Profiles.names()) {
      KernelProfile profile = Profiles.load(name);
      families.computeIfAbsent(family(name), f -> new ArrayList<>()).add(profile);
    }
    ProfilesPage page = new ProfilesPage();
    page.line("# The kernels, era by era");
    page.line("");
    page.line(
        "What the built-in profiles say, each beside the one before it: `+` came, `-` went. ");
    page.line("[writing-profiles.md](writing-profiles.md) explains the words. Printed by");
    page.line(
        "`./vestibule profiles --markdown > docs/profiles.md`; a test sees to it that this page");
    page.line("is up to date. No Power kernel ever knew the boot parameter `vdso=` or the sysctl");
    page.line("`vm.vdso_enabled`; `--vdso off` stands for the image being unusable at boot, which");
    page.line("kernels up to 5.10 could find and answer by handing out none.");
    for (Map.Entry<String, List<KernelProfile>> family : families.entrySet()) {
      page.family(family.getKey(), family.getValue());
    }
    return page.text.toString();
  }

  /** {@code ppc-compat} for {@code ppc-6.1-compat}. */
  private static String family(String name) {
    return name.replaceFirst("-[0-9.]+", "");
  }

  private void line(String line) {
    text.append(line.stripTrailing()).append('\n');
  }

  private void family(String name, List<KernelProfile> profiles) {
    line("");
    line("## " + name);
    line("");
    line(
        "| Profile | Image | Functions | Clocks | Mappings in address order | They go to |"
            + " Moved, unmapped, split | Signals | Auxiliary vector | System calls |");
    line("|---|---|---|---|---|---|---|---|---|---|");
    List<String> functions = List.of();
    List<String> auxv = List.of();
    for (KernelProfile profile : profiles) {
      List<String> hisFunctions = functions(profile);
      List<String> hisAuxv = profile.auxv().order().stream().map(AuxType::name).toList();
      line(
          "| "
              + String.join(
                  " | ",
                  "`" + profile.name() + "`",
                  image(profile),
                  difference(functions, hisFunctions),
                  clocks(profile),
                  mappings(profile),
                  place(profile),
                  operations(profile),
                  signals(profile),
                  difference(auxv, hisAuxv).replace("AT_", ""),
                  Integer.toString(profile.syscalls().count()))
              + " |");
      functions = hisFunctions;
      auxv = hisAuxv;
    }
  }

  private static List<String> functions(KernelProfile profile) {
    VdsoImage image = VdsoImages.of(profile);
    TreeSet<String> names = new TreeSet<>();
    if (image != null) {
      image.functions().keySet().forEach(name -> names.add(name.substring(PREFIX.length())));
      if (profile.data().reach() == Reach.OFFSET_WORD) {
        names.add("datapage_offset");
      }
    }
    return List.copyOf(names);
  }

  private static String difference(List<String> before, List<String> now) {
    String came =
        now.stream()
            .filter(name -> !before.contains(name))
            .distinct()
            .map(name -> (before.isEmpty() ? "" : "+") + name)
            .collect(Collectors.joining(" "));
    String went =
        before.stream()
            .filter(name -> !now.contains(name))
            .distinct()
            .map(name -> "-" + name)
            .collect(Collectors.joining(" "));
    return (came + " " + went).strip();
  }

  private static String image(KernelProfile profile) {
    KernelProfile.Vdso vdso = profile.vdso();
    if (!vdso.present()) {
      return "none";
    }
    String hash = vdso.hash().name().toLowerCase(Locale.ROOT);
    return "%s, linked to 0x%x, hash %s, %s"
        .formatted(
            vdso.version(),
            vdso.linkBase(),
            hash,
            vdso.symbolTypes() ? "typed symbols" : "untyped symbols");
  }

  private static String clocks(KernelProfile profile) {
    String form = profile.data().form().name().toLowerCase(Locale.ROOT);
    return form + ", " + profile.time().resolutionNanos() + " ns";
  }

  private static String mappings(KernelProfile profile) {
    List<String> areas = new ArrayList<>();
    for (Area area : profile.areas()) {
      String name = area.name().isEmpty() ? "nameless" : "`" + area.name() + "`";
      areas.add(name + " " + area.permissions() + ": " + String.join(", ", area.holds()));
    }
    return String.join("; ", areas);
  }

  private static String place(KernelProfile profile) {
    if (profile.areas().isEmpty()) {
      return "";
    }
    KernelProfile.Placement placement = profile.placement();
    String where = placement.hint() == 0 ? "any place" : "0x%x".formatted(placement.hint());
    return where + ", aligned to %d KiB".formatted(placement.alignment() / 1024);
  }

  private static String operations(KernelProfile profile) {
    if (profile.areas().isEmpty()) {
      return "";
    }
    KernelProfile.Mapping mapping = profile.mapping();
    return "%s, %s, %s"
        .formatted(
            mapping.onMove().name().toLowerCase(Locale.ROOT),
            mapping.onUnmap().name().toLowerCase(Locale.ROOT),
            mapping.splits() ? "yes" : "no");
  }

  private static String signals(KernelProfile profile) {
    if (!profile.vdso().present()) {
      return "on the stack";
    }
    return (profile.vdso().signalFrames() ? "marked" : "unmarked")
        + ", behind a "
        + profile.vdso().trampolineStart().name().toLowerCase(Locale.ROOT);
  }
}
