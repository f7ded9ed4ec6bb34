package dev.vestibule.kernel.signal;

/**
 * What does a process do with each signal? Guarded by the machine's lock; shared by CLONE_SIGHAND.
 */
public final class SignalActions {
  private final SignalAction[] actions = new SignalAction[Signals.LAST + 1];

  public SignalActions() {
    java.util.Arrays.fill(actions, SignalAction.INITIAL);
  }

  public SignalAction get(int signal) {
    return actions[signal];
  }

  public void set(int signal, SignalAction action) {
    actions[signal] = action;
  }

  /** Whether a signal has no effect: ignored, or default and harmless. */
  public boolean ignores(int signal) {
    SignalAction action = actions[signal];
    return action.handler() == SignalAction.IGNORE
        || action.handler() == SignalAction.DEFAULT
            && Signals.defaultAction(signal) == Signals.Action.IGNORE;
  }

  /** For fork. */
  public SignalActions copy() {
    SignalActions copy = new SignalActions();
    System.arraycopy(actions, 0, copy.actions, 0, actions.length);
    return copy;
  }

  /** For exec: handlers become the default, ignored signals stay ignored. */
  public void reset() {
    for (int i = 1; i <= Signals.LAST; i++) {
      actions[i] =
          new SignalAction(
              actions[i].handler() == SignalAction.IGNORE
                  ? SignalAction.IGNORE
                  : SignalAction.DEFAULT,
              0,
              0,
              0);
    }
  }
}
