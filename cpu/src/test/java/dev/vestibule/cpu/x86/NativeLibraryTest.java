package dev.vestibule.cpu.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.ProgramHeader;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibraryTest {
  private static final int GETPID = 39; // of x86-64
  private static final int BAD_DESCRIPTOR = 9;
  private static final int E_MACHINE = 18;
  private static final int PROT_RW = 3;
  private static final int PROT_RX = 5;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;

  @TempDir Path dir;

  @Test
  void itAsksForNoExecutableStackAndHasNoPageBothWritableAndExecutable() throws Exception {
    ElfFile file = ElfFile.read(NativeLibrary.bytes(), "native.so");
    List<ProgramHeader> headers = file.programHeaders();
    assertThat(headers)
        .filteredOn(h -> h.type() == Elf.PT_GNU_STACK)
        .singleElement()
        .matches(h -> (h.flags() & Elf.PF_X) == 0);
    assertThat(headers).noneMatch(h -> (h.flags() & (Elf.PF_W | Elf.PF_X)) == 3);
  }

  /** The JVM that runs the tests has loaded no library; one that has makes the same calls. */
  @Test
  void aJvmMakesItsCallsThroughIt() throws Exception {
    assertThat(System.getProperty("os.name")).isEqualTo("Linux");
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "written for x86-64 only");
    assertThat(Libc.direct()).isFalse();
    assertThat(childWith(library())).isEqualTo(answers(true));
  }

  @Test
  void aLibraryThatCannotBeLoadedIsDoneWithout() throws Exception {
    byte[] bytes = NativeLibrary.bytes();
    bytes[E_MACHINE] = (byte) Elf.EM_AARCH64;
    Path foreign = Files.write(dir.resolve("foreign.so"), bytes);
    assertThat(childWith(foreign)).isEqualTo(answers(false));
    assertThat(childWith(dir.resolve("missing.so"))).isEqualTo(answers(false));
  }

  private Path library() throws Exception {
    Path file = dir.resolve("native.so");
    NativeLibrary.main(new String[] {file.toString()});
    return file;
  }

  private static String answers(boolean direct) {
    return "%s true %d 14 [] %d\n".formatted(direct, -BAD_DESCRIPTOR, 40 + 2);
  }

  private String childWith(Path library) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xcheck:jni");
    command.add("--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-D" + Libc.LIBRARY + "=" + library);
    command.add("-cp");
    command.add(System.getProperty("jdk.module.path", "") + ":" + classPath());
    command.add(Child.class.getName());
    Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(child.getInputStream().readAllBytes());
    assertThat(child.waitFor()).as(said).isZero();
    return said;
  }

  private static String classPath() {
    List<String> places = new ArrayList<>();
    for (Class<?> type : List.of(Child.class, NativeLibrary.class, Libc.class, Elf.class)) {
      places.add(type.getProtectionDomain().getCodeSource().getLocation().getPath());
    }
    return String.join(":", places);
  }

  /** Makes calls with each number of arguments that matters, and runs code of its own. */
  static final class Child {
    private Child() {}

    public static void main(String[] args) {
      boolean own = Libc.syscall(GETPID) == ProcessHandle.current().pid();
      long refused = Libc.syscall(HostCalls.CLOSE, -1);
      // Six arguments: a mapping whose address, length and permissions all have to arrive.
      long at = Libc.syscall(HostCalls.MMAP, 0, 4096, PROT_RW, MAP_PRIVATE_ANONYMOUS, -1, 0);
      byte[] code = {0x48, (byte) 0x8d, 0x04, 0x37, (byte) 0xc3}; // lea rax,[rdi+rsi]; ret
      HostMemory.copyIn(code, 0, at, code.length);
      String untouched = HostMemory.slot(at + 8) == 0 ? "[]" : "[?]";
      long protectedAt = Libc.syscall(HostCalls.MPROTECT, at, 4096, PROT_RX);
      long sum = Libc.call(at, 40, 2);
      System.out.printf(
          "%s %s %d %d %s %d%n", Libc.direct(), own, refused, 14 + protectedAt, untouched, sum);
    }
  }
}
