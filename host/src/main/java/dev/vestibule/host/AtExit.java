package dev.vestibule.host;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * What is to be put right on the host when the JVM ends, however it ends: a terminal's settings,
 * temporary files? And how does it end without delay?
 */
public final class AtExit {
  private static final Deque<Runnable> ACTIONS = new ArrayDeque<>();
  private static boolean hooked;

  private AtExit() {}

  /** Adds something to do; what was added last is done first. It must not take long, nor throw. */
  public static void add(Runnable action) {
    synchronized (ACTIONS) {
      if (!hooked) {
        Runtime.getRuntime().addShutdownHook(new Thread(AtExit::doAll)); // for signals
        hooked = true;
      }
      ACTIONS.push(action);
    }
  }

  private static void doAll() {
    Runnable action;
    while ((action = next()) != null) {
      action.run();
    }
  }

  private static @Nullable Runnable next() {
    synchronized (ACTIONS) {
      return ACTIONS.poll();
    }
  }

  /**
   * Ends the JVM. Not by System.exit, which looks for a logger in every module first and takes
   * twenty milliseconds for it, unless somebody gave the JVM options of their own: they may have
   * asked for something that the JVM does at its end, such as a flight recording.
   */
  public static void exit(int status) {
    if (System.getenv("JAVA_TOOL_OPTIONS") != null || System.getenv("JDK_JAVA_OPTIONS") != null) {
      System.exit(status);
    }
    doAll();
    Runtime.getRuntime().halt(status);
  }
}
