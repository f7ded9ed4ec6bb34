package dev.vestibule.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What does {@code vestibule syscalls} take? */
@Command(name = "syscalls", description = "Print every system call and how far it is supported.")
final class SyscallsCommand implements Callable<Integer> {
  @Option(names = "--markdown", description = "as the table in docs")
  private boolean markdown;

  @Override
  public Integer call() {
    System.out.print(markdown ? SyscallPage.markdown() : SyscallPage.plain());
    return 0;
  }
}
