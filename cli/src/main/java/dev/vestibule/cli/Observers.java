package dev.vestibule.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.vestibule.cpu.CodeCache;
import dev.vestibule.kernel.KernelListener;
import dev.vestibule.observe.FaultTrace;
import dev.vestibule.observe.LineOutput;
import dev.vestibule.observe.Listeners;
import dev.vestibule.observe.RunStatistics;
import dev.vestibule.observe.StraceListener;
import dev.vestibule.observe.UnsupportedReport;
import dev.vestibule.observe.VdsoTrace;
import dev.vestibule.observe.gdb.GdbServer;
import dev.vestibule.observe.startup.StartupTrace;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Who watches a run, by its options? */
final class Observers {
  private final List<KernelListener> listeners = new ArrayList<>();
  private final @Nullable PrintStream listing;
  private final @Nullable StraceListener strace;
  private final @Nullable LineOutput file;
  private final UnsupportedReport unsupported;
  private final boolean lists;
  private final @Nullable GdbServer gdb;
  private final @Nullable RunStatistics statistics;

  private Observers(RunOptions options) throws CommandFailure {
    LineOutput standardError = LineOutput.standardError();
    unsupported = new UnsupportedReport(standardError);
    lists = options.unsupported();
    listeners.add(unsupported);
    statistics = options.statistics() ? new RunStatistics(standardError) : null;
    if (statistics != null) {
      listeners.add(statistics);
    }
    if (options.traces().contains(RunOptions.Trace.STARTUP)) {
      listeners.add(new StartupTrace(standardError, false));
    }
    if (options.traces().contains(RunOptions.Trace.STARTUP_JSON)) {
      listeners.add(new StartupTrace(standardError, true));
    }
    if (options.traces().contains(RunOptions.Trace.CALLS)) {
      listeners.add(new VdsoTrace(standardError));
    }
    if (options.traces().contains(RunOptions.Trace.FAULTS)) {
      listeners.add(new FaultTrace(standardError));
    }
    listing = listing(options.dumpCode());
    gdb = options.gdb() == null ? null : gdb(options.gdb());
    if (gdb != null) {
      listeners.add(gdb);
    }
    RunOptions.Strace wanted = options.strace();
    file = wanted == null ? null : file(wanted.file());
    if (wanted == null) {
      strace = null;
    } else {
      strace =
          new StraceListener(
              file != null ? file : standardError,
              new StraceListener.Options(wanted.paths(), wanted.times(), wanted.summary()));
      listeners.add(strace);
    }
  }

  private static @Nullable PrintStream listing(@Nullable Path path) throws CommandFailure {
    if (path == null) {
      return null;
    }
    try {
      PrintStream stream = new PrintStream(Files.newOutputStream(path), false, UTF_8);
      CodeCache.listCode(stream);
      return stream;
    } catch (IOException e) {
      throw CommandFailure.ours(path + ": cannot write: " + e.getMessage());
    }
  }

  static Observers of(RunOptions options) throws CommandFailure {
    return new Observers(options);
  }

  private static GdbServer gdb(String where) throws CommandFailure {
    try {
      GdbServer server = GdbServer.listen(where);
      if (where.equals("0")) {
        System.err.println("vestibule: gdb: port " + server.port());
      }
      return server;
    } catch (IOException | RuntimeException e) {
      throw CommandFailure.ours("-g " + where + ": " + e.getMessage());
    }
  }

  private static @Nullable LineOutput file(@Nullable Path path) throws CommandFailure {
    if (path == null) {
      return null;
    }
    try {
      return LineOutput.file(path);
    } catch (IOException e) {
      throw CommandFailure.ours(path + ": cannot write: " + e.getMessage());
    }
  }

  /** The one listener that tells all. */
  KernelListener listener() {
    return Listeners.of(listeners);
  }

  /** Prints what is printed in the end. */
  void finish() throws CommandFailure {
    if (listing != null) {
      CodeCache.listCode(null);
      listing.close();
    }
    if (strace != null) {
      strace.close();
    }
    if (lists) {
      unsupported.list();
    }
    if (statistics != null) {
      statistics.print();
    }
    try {
      if (gdb != null) {
        gdb.close();
      }
    } catch (IOException e) {
      throw CommandFailure.ours("-g: " + e.getMessage());
    }
    try {
      if (file != null) {
        file.close();
      }
    } catch (IOException e) {
      throw CommandFailure.ours("strace file: cannot write: " + e.getMessage());
    }
  }
}
