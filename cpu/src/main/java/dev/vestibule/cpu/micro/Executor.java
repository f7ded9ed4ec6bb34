package dev.vestibule.cpu.micro;

import dev.vestibule.cpu.Block;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.Stop;

/** How are the blocks of an address space executed? */
public interface Executor {
  /** Interprets everything. */
  Executor INTERPRETER = new Interpreting();

  /** Runs the thread until it stops; see {@link Cpu#run}. */
  Stop run(Cpu cpu);

  /** Prepares an address space before its first thread runs. */
  void attach(GuestMemory memory);

  /** How often a new block is interpreted before this executor wants to see it. */
  int budget();

  /** The block has become invalid; nobody must begin it any more. */
  void invalidated(Block block);

  /** The thread will not run in this address space any more. */
  void forget(Cpu cpu);

  /** How often everything was forgotten to make room for new machine code. */
  default int drops() {
    return 0;
  }

  /** Gives back what belongs to the host; no thread runs in this address space any more. */
  void close();

  /** The executor that leaves all to the interpreter. */
  final class Interpreting implements Executor {
    private Interpreting() {}

    @Override
    public Stop run(Cpu cpu) {
      Stop stop = Interpreter.run(cpu);
      while (stop == null) {
        stop = Interpreter.run(cpu);
      }
      return stop;
    }

    @Override
    public void attach(GuestMemory memory) {}

    @Override
    public int budget() {
      return Integer.MAX_VALUE;
    }

    @Override
    public void invalidated(Block block) {}

    @Override
    public void forget(Cpu cpu) {}

    @Override
    public void close() {}
  }
}
