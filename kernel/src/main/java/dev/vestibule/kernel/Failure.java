package dev.vestibule.kernel;

/**
 * Which error ends this system call? Thrown from anywhere below a system call's method instead of
 * passing a negative number up; the dispatcher returns it. Carries no stack trace.
 */
public final class Failure extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final int errno;

  /**
   * @param errno one of {@link Errno}, positive
   */
  public Failure(int errno) {
    super(null, null, false, false);
    this.errno = errno;
  }

  public int errno() {
    return errno;
  }

  @Override
  public String getMessage() {
    return Errno.name(errno);
  }
}
