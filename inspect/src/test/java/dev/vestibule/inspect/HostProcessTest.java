package dev.vestibule.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vestibule.inspect.Sighting.Way;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Are the host's own processes seen as they are? The kernel that runs the test is the oracle. */
class HostProcessTest {
  /** Does to its own vDSO what its argument says, tells where it is, and waits. */
  private static final String SOURCE =
      """
      #define _GNU_SOURCE
      #include <stdio.h>
      #include <string.h>
      #include <sys/auxv.h>
      #include <sys/mman.h>
      #include <unistd.h>
      int main(int argc, char **argv) {
        unsigned long at = getauxval(AT_SYSINFO_EHDR), begin = 0, end = 0;
        char line[512];
        FILE *maps = fopen("/proc/self/maps", "r");
        while (fgets(line, sizeof line, maps))
          if (strstr(line, "[vdso]")) sscanf(line, "%lx-%lx", &begin, &end);
        size_t size = end - begin;
        if (!strcmp(argv[1], "move")) {
          void *room = mmap(0, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
          begin = (unsigned long) mremap((void *) begin, size, size, 3, room);
        } else if (!strcmp(argv[1], "edit")) {
          mprotect((void *) begin, size, 7);
          ((volatile unsigned char *) begin)[0x900] ^= 0xff;
        } else if (!strcmp(argv[1], "unmap")) {
          munmap((void *) begin, size);
          begin = 0;
        }
        dprintf(1, "%lx %lx\\n", at, begin);
        pause();
        return 0;
      }
      """;

  @TempDir private static Path directory;

  @BeforeAll
  static void compile() throws Exception {
    Assumptions.assumeTrue(Files.isDirectory(Path.of("/proc/self")), "no /proc");
    Path source = Files.writeString(directory.resolve("subject.c"), SOURCE);
    try {
      Process gcc =
          new ProcessBuilder(
                  "gcc", "-O1", "-o", directory.resolve("subject").toString(), source.toString())
              .inheritIO()
              .start();
      assertThat(gcc.waitFor()).isZero();
    } catch (IOException e) {
      Assumptions.abort("gcc is not installed; ./check installs it");
    }
  }

  /** A subject, and what it said of itself. */
  private record Subject(Process process, long told, long now) implements AutoCloseable {
    static Subject start(String deed) throws IOException {
      return start("subject", deed);
    }

    /**
     * A program that says where it is once its execution has begun: until then there is no vDSO.
     */
    static Subject start(String program, String deed) throws IOException {
      Process process =
          new ProcessBuilder(directory.resolve(program).toString(), deed)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      BufferedReader out =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      String[] words = String.valueOf(out.readLine()).split(" ");
      return new Subject(
          process, Long.parseUnsignedLong(words[0], 16), Long.parseUnsignedLong(words[1], 16));
    }

    Specimen look() throws InspectException {
      try (HostProcess subject = new HostProcess(Long.toString(process.pid()));
          HostProcess own = new HostProcess("self")) {
        return VdsoFinder.find(subject, own);
      }
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }

  private static Sighting seen(Specimen specimen) {
    Sighting seen = specimen.sighting();
    assertThat(seen).isNotNull();
    return java.util.Objects.requireNonNull(seen);
  }

  private static Map<String, Long> ways(Sighting seen) {
    Map<String, Long> ways = new HashMap<>();
    for (Way way : seen.ways()) {
      ways.put(way.name(), way.address() == null ? -1 : way.address());
    }
    return ways;
  }

  @Test
  void asTheKernelMappedIt() throws Exception {
    try (Subject subject = Subject.start("nothing")) {
      Sighting seen = seen(subject.look());
      assertThat(seen.address()).isEqualTo(subject.told);
      assertThat(ways(seen))
          .containsEntry("auxv", subject.told)
          .containsEntry("name", subject.told)
          .containsEntry("symbols", subject.told);
      assertThat(seen.moved()).isFalse();
      assertThat(seen.edit()).isNotNull().satisfies(edit -> assertThat(edit.bytes()).isZero());
      List<String> lines = new ArrayList<>();
      for (String line :
          Files.readAllLines(Path.of("/proc", Long.toString(subject.process.pid()), "maps"))) {
        if (line.matches(".*\\[(vdso|vvar|vvar_vclock)\\]")) {
          lines.add(line.replaceFirst("^(\\S+) (\\S+).* (\\S+)$", "$1 $2 $3"));
        }
      }
      assertThat(seen.areas())
          .extracting(
              a -> "%08x-%08x %s %s".formatted(a.start(), a.end(), a.permissions(), a.name()))
          .isEqualTo(lines);
    }
  }

  /** A 32-bit process on a 64-bit host has another image, at an address of its own. */
  @Test
  void otherClass() throws Exception {
    Path source =
        Files.writeString(
            directory.resolve("narrow.c"),
            """
            int call(int number, int first, const char *second, int third) {
              int result;
              __asm__ volatile("int $0x80" : "=a"(result)
                  : "a"(number), "b"(first), "c"(second), "d"(third) : "memory");
              return result;
            }
            void _start(void) {
              for (call(4, 1, "0 0\\n", 4);;) call(29, 0, 0, 0);
            }
            """);
    Path program = directory.resolve("narrow");
    Process gcc =
        new ProcessBuilder(
                "gcc", "-m32", "-nostdlib", "-static", "-o", program.toString(), source.toString())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("gcc.log").toFile())
            .start();
    Assumptions.assumeTrue(gcc.waitFor() == 0, "gcc cannot build for i386");
    try {
      new ProcessBuilder(program.toString()).start().destroyForcibly();
    } catch (IOException e) {
      Assumptions.abort("the host does not run i386 programs");
    }
    try (Subject subject = Subject.start("narrow", "nothing")) {
      Specimen specimen = subject.look();
      assertThat(specimen.architecture()).isEqualTo("i386");
      assertThat(seen(specimen).edit()).isNull();
      assertThat(seen(specimen).moved()).isFalse();
      assertThat(new java.util.HashSet<>(ways(seen(specimen)).values()))
          .containsExactlyInAnyOrder(seen(specimen).address(), -1L);
    }
  }

  @Test
  void moved() throws Exception {
    try (Subject subject = Subject.start("move")) {
      Sighting seen = seen(subject.look());
      assertThat(seen.moved()).isTrue();
      assertThat(seen.address()).isEqualTo(subject.now).isNotEqualTo(subject.told);
      assertThat(ways(seen))
          .containsEntry("auxv", -1L)
          .containsEntry("name", subject.now)
          .containsEntry("symbols", subject.now);
    }
  }

  /** The subject that moves its own vDSO knows. */
  @Test
  void whetherNamesSurviveIsFoundOut() throws Exception {
    try (Subject subject = Subject.start("move");
        HostProcess process = new HostProcess(Long.toString(subject.process.pid()))) {
      boolean named = process.mappings().stream().anyMatch(m -> m.name().equals("[vdso]"));
      NameProbe expected = named ? NameProbe.SURVIVES : NameProbe.LOST;
      Assumptions.assumeTrue(System.getProperty("os.arch").equals("amd64"));
      assertThat(HostNameProbe.ask()).isEqualTo(expected);
    }
  }

  @Test
  void edited() throws Exception {
    try (Subject subject = Subject.start("edit")) {
      Sighting seen = seen(subject.look());
      assertThat(seen.moved()).isFalse();
      Sighting.Edit edit = java.util.Objects.requireNonNull(seen.edit());
      assertThat(edit.bytes()).isEqualTo(1);
      assertThat(edit.first()).isEqualTo(0x900);
    }
  }

  @Test
  void unmapped() throws Exception {
    try (Subject subject = Subject.start("unmap")) {
      assertThatThrownBy(subject::look)
          .isInstanceOf(InspectException.class)
          .hasMessageContaining("no vDSO found")
          .hasMessageContaining("no mapping is called [vdso]");
    }
  }

  @Test
  void nobody() {
    assertThatThrownBy(
            () -> {
              try (HostProcess gone = new HostProcess("4194304")) {
                gone.mappings();
              }
            })
        .hasMessage("pid:4194304: no such process");
  }
}
