package dev.vestibule.kernel;

import java.util.List;

/**
 * How is a system call declared?
 *
 * @param row number inside the dispatcher
 * @param names names in Linux's tables that lead to it
 * @param kinds one per argument
 * @param parameters the arguments' names
 * @param since first release that has it, or empty
 * @param until first release that has it no longer, or empty
 * @param note what is missing, if it is not fully supported
 */
public record SyscallRow(
    int row,
    List<String> names,
    List<ArgKind> kinds,
    List<String> parameters,
    String since,
    String until,
    Support support,
    String note,
    Result result) {

  /** How much of the call's meaning exists? */
  public enum Support {
    FULL,
    PARTIAL,
    REFUSED,
    ABSENT
  }

  /** How is a result shown when it is no error? */
  public enum Result {
    INT,
    HEX,
    NOTHING,
    FD,
    PID
  }
}
