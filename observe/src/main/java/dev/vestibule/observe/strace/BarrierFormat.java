package dev.vestibule.observe.strace;

/**
 * How does strace show membarrier(2)? A CPU only where the flags say so, sets of commands as such.
 */
final class BarrierFormat implements ArgFormat {
  private static final int FLAG_CPU = 1;

  @Override
  public void append(Call call, int index) {
    Tables.MEMBARRIER.value(call.text(), call.argument(index) & 0xffff_ffffL);
  }

  @Override
  public void prepare(Call call, int index) {
    if ((call.argument(index + 1) & FLAG_CPU) == 0) {
      call.cutFrom(index + 2);
    }
  }

  @Override
  public void conclude(Call call, int index) {
    if (!call.failed() && call.result() != 0) {
      StringBuilder commands = new StringBuilder();
      Tables.MEMBARRIER.flags(commands, call.result());
      call.note(commands.toString());
    }
  }
}
