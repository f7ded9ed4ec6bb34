package dev.vestibule.cli.sysroot;

/** Why a sysroot could not be built, as one line for the user. */
public final class SysrootException extends Exception {
  private static final long serialVersionUID = 1;

  SysrootException(String message) {
    super(message);
  }

  SysrootException(String message, Throwable cause) {
    super(message, cause);
  }
}
