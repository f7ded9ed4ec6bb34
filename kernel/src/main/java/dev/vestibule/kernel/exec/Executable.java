package dev.vestibule.kernel.exec;

import static dev.vestibule.kernel.Errno.EIO;
import static dev.vestibule.kernel.Errno.ELIBBAD;
import static dev.vestibule.kernel.Errno.ELOOP;
import static dev.vestibule.kernel.Errno.ENOEXEC;

import dev.vestibule.elf.ByteSource;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfHeader;
import dev.vestibule.elf.ElfImage;
import dev.vestibule.host.HostMemory;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.file.Programs;
import dev.vestibule.kernel.file.Programs.Program;
import dev.vestibule.profile.Architecture;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which images does a path stand for once scripts are resolved and the interpreter is found? Made
 * before anything of the old program is given up.
 */
final class Executable implements AutoCloseable {
  private static final int AT_FDCWD = -100;

  /** BINPRM_BUF_SIZE. */
  private static final int SCRIPT_LINE = 256;

  private static final int MOST_SCRIPTS = 5;

  /** An ELF file that is open. */
  record Part(Program program, ElfImage image) {}

  private final Part main;
  private final @Nullable Part loader;
  private final Arguments arguments;
  private final String name;

  private Executable(Part main, @Nullable Part loader, Arguments arguments, String name) {
    this.main = main;
    this.loader = loader;
    this.arguments = arguments;
    this.name = name;
  }

  Part main() {
    return main;
  }

  /** The program interpreter, usually ld.so. */
  @Nullable Part loader() {
    return loader;
  }

  /** The arguments, with a script's interpreter in front if there was one. */
  Arguments arguments() {
    return arguments;
  }

  /** What AT_EXECFN says: the path as the caller gave it. */
  String name() {
    return name;
  }

  /**
   * Finds out what is to be run.
   *
   * @throws Failure with execve(2)'s errors; nothing stays open then
   */
  static Executable open(
      Programs programs,
      Task task,
      int directory,
      String path,
      int flags,
      Arguments given,
      Architecture architecture,
      int pageSize) {
    Program program = programs.open(task, directory, path, flags);
    Arguments arguments = given;
    String current = path;
    try {
      for (int depth = 0; ; depth++) {
        byte[] first = new byte[SCRIPT_LINE];
        int length = source(task, program.file()).read(0, first, 0, SCRIPT_LINE);
        if (length < 2 || first[0] != '#' || first[1] != '!') {
          break;
        }
        if (depth >= MOST_SCRIPTS) {
          throw new Failure(ELOOP);
        }
        Script script = Script.parse(first, Math.min(length, SCRIPT_LINE));
        arguments = script.arguments(current, arguments);
        current = script.interpreter();
        Program next = programs.open(task, AT_FDCWD, current, 0);
        program.file().release();
        program = next;
      }
      Part main = new Part(program, read(task, program, architecture, pageSize, ENOEXEC));
      Part loader = loader(programs, task, main.image(), architecture, pageSize);
      return new Executable(main, loader, arguments, path);
    } catch (Failure failure) {
      program.file().release();
      throw failure;
    }
  }

  private static @Nullable Part loader(
      Programs programs, Task task, ElfImage image, Architecture architecture, int pageSize) {
    String interpreter = image.interpreter();
    if (interpreter == null) {
      return null;
    }
    Program program = programs.open(task, AT_FDCWD, interpreter, 0);
    try {
      return new Part(program, read(task, program, architecture, pageSize, ELIBBAD));
    } catch (Failure failure) {
      program.file().release();
      throw failure;
    }
  }

  private static ElfImage read(
      Task task, Program program, Architecture architecture, int pageSize, int wrong) {
    try {
      ElfImage image = ElfImage.read(source(task, program.file()), program.path(), pageSize);
      ElfHeader header = image.header();
      if (Architecture.of(header.machine(), header.is64(), header.order()) != architecture) {
        throw new Failure(wrong);
      }
      return image;
    } catch (ElfException e) {
      throw new Failure(e.reason() == ElfException.Reason.TRUNCATED ? EIO : wrong);
    }
  }

  static ByteSource source(Task task, OpenFile file) {
    return (offset, into, position, length) -> {
      long buffer = HostMemory.allocate(length);
      try {
        long count = file.read(task, IoVector.host(buffer, length), offset);
        if (count > 0) {
          HostMemory.copyOut(buffer, into, position, (int) count);
        }
        return (int) count;
      } finally {
        HostMemory.free(buffer);
      }
    };
  }

  @Override
  public void close() {
    main.program().file().release();
    if (loader != null) {
      loader.program().file().release();
    }
  }

  /** The first line of a script. */
  record Script(String interpreter, @Nullable String option) {
    static Script parse(byte[] first, int length) {
      int end = 2;
      while (end < length && first[end] != '\n' && first[end] != 0) {
        end++;
      }
      int start = skipBlanks(first, 2, end);
      if (start == end) {
        throw new Failure(ENOEXEC);
      }
      int stop = start;
      while (stop < end && first[stop] != ' ' && first[stop] != '\t') {
        stop++;
      }
      if (stop == SCRIPT_LINE) {
        throw new Failure(ENOEXEC); // the path does not fit
      }
      String interpreter = text(first, start, stop);
      int option = skipBlanks(first, stop, end);
      int last = end;
      while (last > option && (first[last - 1] == ' ' || first[last - 1] == '\t')) {
        last--;
      }
      return new Script(interpreter, last > option ? text(first, option, last) : null);
    }

    private static int skipBlanks(byte[] bytes, int from, int end) {
      int at = from;
      while (at < end && (bytes[at] == ' ' || bytes[at] == '\t')) {
        at++;
      }
      return at;
    }

    private static String text(byte[] bytes, int from, int to) {
      return new String(bytes, from, to - from, dev.vestibule.kernel.abi.GuestText.BYTES);
    }

    Arguments arguments(String path, Arguments old) {
      List<String> argv = new ArrayList<>();
      argv.add(interpreter);
      if (option != null) {
        argv.add(option);
      }
      argv.add(path);
      argv.addAll(old.argv().subList(Math.min(1, old.argv().size()), old.argv().size()));
      return new Arguments(argv, old.envp());
    }
  }
}
