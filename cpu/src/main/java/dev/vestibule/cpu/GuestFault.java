package dev.vestibule.cpu;

/**
 * Which guest address could not be accessed, and why?
 *
 * <p>Thrown by every checked access to guest memory; carries no stack trace because it is ordinary
 * control flow: the kernel turns it into a signal or into EFAULT.
 */
public final class GuestFault extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Why the access failed, as siginfo distinguishes it. */
  public enum Cause {
    /** Nothing is mapped there: SIGSEGV, SEGV_MAPERR. */
    UNMAPPED,
    /** The page's protection forbids it: SIGSEGV, SEGV_ACCERR. */
    FORBIDDEN,
    /** The page lies beyond the end of the mapped file: SIGBUS, BUS_ADRERR. */
    BEYOND_FILE,
    /** The instruction needs an aligned address: SIGBUS, BUS_ADRALN. */
    MISALIGNED,
    /** A debugger watches the address: SIGTRAP, TRAP_HWBKPT. */
    WATCHED
  }

  private final long address;
  private final Access access;
  private final Cause cause;

  public GuestFault(long address, Access access, Cause cause) {
    super(null, null, false, false);
    this.address = address;
    this.access = access;
    this.cause = cause;
  }

  /** The first guest address that could not be accessed. */
  public long address() {
    return address;
  }

  public Access access() {
    return access;
  }

  public Cause cause() {
    return cause;
  }

  @Override
  public String getMessage() {
    return access + " at 0x" + Long.toHexString(address) + ": " + cause;
  }
}
