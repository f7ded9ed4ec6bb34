package dev.vestibule.kernel;

/**
 * In which container are a machine's guests? One has a name of its own for uname(2), a
 * CLOCK_MONOTONIC and CLOCK_BOOTTIME that begin with it, and therefore a vDSO and a data page of
 * its own, as kernels that virtualise both have made them: nobody outside has the same page frames.
 *
 * @param nodeName what uname(2) calls the machine there, 1 to 64 bytes
 */
public record Container(String nodeName) {
  /** __NEW_UTS_LEN. */
  public static final int LONGEST_NAME = 64;
}
