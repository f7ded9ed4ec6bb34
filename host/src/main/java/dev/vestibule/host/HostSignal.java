package dev.vestibule.host;

import jdk.internal.misc.Signal;

/** Who hears of a signal that somebody sends to the JVM? */
public final class HostSignal {
  private HostSignal() {}

  /** Whether the host has a signal of that name, without SIG. */
  public static boolean exists(String name) {
    try {
      return new Signal(name).getNumber() > 0;
    } catch (IllegalArgumentException none) {
      return false;
    }
  }

  /**
   * Has something run, on a thread of its own, each time the signal arrives.
   *
   * @param name without SIG
   * @throws IllegalArgumentException if there is none of that name, or the JVM needs it itself
   */
  public static void handle(String name, Runnable action) {
    Signal.handle(new Signal(name), signal -> action.run());
  }
}
