package dev.vestibule.kernel.exec;

import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfHeader;
import dev.vestibule.host.HostMemory;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.Programs.Program;
import dev.vestibule.profile.Architecture;

/** For which architecture is a program, seen before there is a machine to run it? */
public final class ProgramKind {
  private static final int FIRST_BYTES = 256;
  private static final int MOST_SCRIPTS = 5;

  private ProgramKind() {}

  /**
   * Looks at a program, through scripts to what interprets them.
   *
   * @param directory where a relative path begins, inside the guest's root
   * @throws Failure as exec would: ENOENT, EACCES, ENOEXEC if it is no program we know
   * @throws ElfException if the ELF header makes no sense
   */
  public static Architecture of(FileTree files, String directory, String path) throws ElfException {
    String current = path.startsWith("/") ? path : String.join("/", directory, path);
    for (int depth = 0; depth < MOST_SCRIPTS; depth++) {
      Program program = files.open(null, FileTree.AT_FDCWD, current, 0);
      byte[] first = new byte[FIRST_BYTES];
      int length = read(program, first);
      if (length < 2 || first[0] != '#' || first[1] != '!') {
        ElfHeader header = ElfHeader.parse(first, length, program.path());
        Architecture architecture =
            Architecture.of(header.machine(), header.is64(), header.order());
        if (architecture == null) {
          throw new Failure(Errno.ENOEXEC);
        }
        return architecture;
      }
      current = Executable.Script.parse(first, length).interpreter();
    }
    throw new Failure(Errno.ELOOP);
  }

  @SuppressWarnings("NullAway") // Reading a plain file makes no task wait.
  private static int read(Program program, byte[] first) {
    long buffer = HostMemory.allocate(first.length);
    try {
      long count = program.file().read(null, IoVector.host(buffer, first.length), 0);
      if (count > 0) {
        HostMemory.copyOut(buffer, first, 0, (int) count);
      }
      return (int) Math.max(0, count);
    } finally {
      HostMemory.free(buffer);
      program.file().release();
    }
  }
}
