package dev.vestibule.observe.strace;

/** How is one argument shown? */
interface ArgFormat {
  /** An argument that is not shown at all. */
  ArgFormat HIDDEN = (call, index) -> {};

  void append(Call call, int index);

  /** Whether it is shown when the call has ended, because the call fills it in. */
  default boolean late() {
    return false;
  }

  /** Whether no comma stands before it. */
  default boolean glued() {
    return false;
  }

  /** Called before anything is shown: what later arguments look like may depend on this one. */
  default void prepare(Call call, int index) {}

  /** Called when the call has ended: adds a note to the result. */
  default void conclude(Call call, int index) {}

  /** The same format for an argument that the call fills in; an error shows the address only. */
  static ArgFormat out(ArgFormat format) {
    return new ArgFormat() {
      @Override
      public void append(Call call, int index) {
        if (call.failed() || call.argument(index) == 0) {
          call.address(call.argument(index));
        } else {
          format.append(call, index);
        }
      }

      @Override
      public boolean late() {
        return true;
      }
    };
  }

  /** A structure in memory; a null pointer is NULL. */
  static ArgFormat in(ArgFormat format) {
    return (call, index) -> {
      if (call.argument(index) == 0) {
        call.address(0);
      } else {
        format.append(call, index);
      }
    };
  }
}
