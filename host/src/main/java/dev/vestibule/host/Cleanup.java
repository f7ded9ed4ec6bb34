package dev.vestibule.host;

import java.lang.ref.Cleaner;

/** What is given back to the host when an object is no longer reachable? One thread sees to it. */
public final class Cleanup {
  private static final Cleaner CLEANER = Cleaner.create();

  private Cleanup() {}

  /**
   * Has something done once nobody can reach an object.
   *
   * @param action must not refer to the object
   */
  public static void after(Object owner, Runnable action) {
    CLEANER.register(owner, action);
  }
}
