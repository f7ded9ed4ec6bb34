package dev.vestibule.kernel.freeze;

/** Why can a tree of processes not be frozen or thawed? One line for its user. */
public final class FreezeRefusal extends Exception {
  private static final long serialVersionUID = 1;

  public FreezeRefusal(String reason) {
    super(reason);
  }

  /** The message as a string; there is always one. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
