package dev.vestibule.cli.vdso;

import dev.vestibule.cli.CommandFailure;
import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.ElfHeader;
import dev.vestibule.handed.VdsoImage;
import dev.vestibule.handed.VdsoImages;
import dev.vestibule.inspect.CoreFile;
import dev.vestibule.inspect.HostProcess;
import dev.vestibule.inspect.InspectException;
import dev.vestibule.inspect.KernelImage;
import dev.vestibule.inspect.KernelImages;
import dev.vestibule.inspect.Sighting;
import dev.vestibule.inspect.Specimen;
import dev.vestibule.inspect.VdsoFinder;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.Profiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Which images does a word on the command line mean? A file (image, kernel, package or core), a
 * directory of frozen processes, {@code profile:NAME} or {@code pid:N}.
 */
final class VdsoTarget {
  static final String FOOTER =
      "TARGET is an image, a kernel (vmlinux, vmlinuz, Image), a Debian package of one, a core"
          + " file, a directory of CRIU's or Vestibule's images, profile:NAME or pid:N.";

  /** What is smaller is taken for an image as it is, damaged or not. */
  private static final long LARGEST_IMAGE = 1 << 20;

  private VdsoTarget() {}

  /** The images, at least one. */
  static List<Specimen> of(String word) throws CommandFailure {
    try {
      if (word.startsWith("profile:")) {
        return List.of(ofProfile(word));
      }
      if (word.matches("pid:([0-9]{1,10}|self)")) {
        return List.of(ofProcess(word.substring("pid:".length())));
      }
      return FrozenReport.isMeant(word) ? FrozenReport.specimens(word) : ofFile(word);
    } catch (InspectException | ProfileException e) {
      throw CommandFailure.ours(e.getMessage());
    } catch (IOException | InvalidPathException e) {
      throw CommandFailure.ours(ElfException.oneLine(word) + ": cannot be read");
    }
  }

  private static Specimen ofProfile(String word)
      throws CommandFailure, ProfileException, InspectException {
    KernelProfile profile = Profiles.load(word.substring("profile:".length()));
    VdsoImages.check(profile);
    VdsoImage image = VdsoImages.of(profile);
    if (image == null) {
      throw CommandFailure.ours(word + ": this kernel has no vDSO");
    }
    Specimen bare = Specimen.ofFile(word, image.file(), profile.uname().release());
    return new Specimen(
        word, bare.bytes(), bare.file(), bare.kernel(), planned(profile, image.bytes().length));
  }

  /** Where this kernel puts its pages, beginning where it asks for, or at a likely place. */
  private static Sighting planned(KernelProfile profile, int imageSize) {
    long hint = profile.placement().hint();
    long at = hint != 0 ? hint : profile.architecture().is64() ? 0x3fff80000000L : 0xf7f00000L;
    long header = at;
    List<Sighting.Area> areas = new ArrayList<>();
    for (KernelProfile.Area area : profile.areas()) {
      long start = at;
      for (String part : area.holds()) {
        header = part.equals("image") ? at : header;
        at += part.equals("image") ? imageSize : profile.memory().pageSize();
      }
      areas.add(new Sighting.Area(area.name(), start, at, area.permissions()));
    }
    return Sighting.planned(header, areas);
  }

  private static Specimen ofProcess(String pid) throws InspectException {
    try (HostProcess process = new HostProcess(pid);
        HostProcess own = new HostProcess("self")) {
      return VdsoFinder.find(process, own);
    }
  }

  private static List<Specimen> ofFile(String word)
      throws IOException, InspectException, CommandFailure {
    Path path = Path.of(word);
    if (!Files.isRegularFile(path)) {
      throw CommandFailure.ours(ElfException.oneLine(word) + notFile(path));
    }
    byte[] first;
    try (InputStream in = Files.newInputStream(path)) {
      first = in.readNBytes(ElfHeader.MAX_SIZE);
    }
    boolean elf = first.length >= 4 && first[0] == 0x7f && first[1] == 'E' && first[2] == 'L';
    if (elf && isCore(first, word)) {
      return List.of(ofCore(path));
    }
    if (elf && Files.size(path) <= LARGEST_IMAGE) {
      return List.of(Specimen.ofFile(word, Files.readAllBytes(path), null));
    }
    List<Specimen> found = new ArrayList<>();
    List<KernelImage> images = KernelImages.in(path);
    for (KernelImage image : images) {
      String name = images.size() == 1 ? word : word + " (" + image.architecture() + ")";
      found.add(new Specimen(name, image.bytes(), image.file(), image.release(), null));
    }
    if (found.isEmpty()) {
      throw CommandFailure.ours(ElfException.oneLine(word) + ": holds no vDSO image");
    }
    return found;
  }

  private static String notFile(Path path) {
    return Files.isDirectory(path)
        ? ": a directory without inventory.img, so not of images"
        : Files.exists(path) ? ": not a file" : ": no such file";
  }

  private static boolean isCore(byte[] first, String word) {
    try {
      return ElfHeader.parse(first, first.length, word).type() == Elf.ET_CORE;
    } catch (ElfException e) {
      return false;
    }
  }

  private static Specimen ofCore(Path path) throws IOException, InspectException {
    try (FileChannel file = FileChannel.open(path)) {
      if (file.size() > Integer.MAX_VALUE) {
        throw new InspectException(path.toString(), "larger than 2 GiB");
      }
      ElfFile core =
          ElfFile.read(file.map(FileChannel.MapMode.READ_ONLY, 0, file.size()), path.toString());
      return VdsoFinder.find(new CoreFile(core), null);
    } catch (ElfException e) {
      throw new InspectException(e);
    }
  }
}
