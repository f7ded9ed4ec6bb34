package dev.vestibule.checkpoint;

import com.google.protobuf.ByteString;
import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageReader;
import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.image.ImageWriter;
import dev.vestibule.checkpoint.schema.FdType;
import dev.vestibule.checkpoint.schema.FileEntry;
import dev.vestibule.checkpoint.schema.FownEntry;
import dev.vestibule.checkpoint.schema.TermiosEntry;
import dev.vestibule.checkpoint.schema.TtyFileEntry;
import dev.vestibule.checkpoint.schema.TtyInfoEntry;
import dev.vestibule.checkpoint.schema.TtyPtyEntry;
import dev.vestibule.checkpoint.schema.VestibuleTty;
import dev.vestibule.checkpoint.schema.WinsizeEntry;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.kernel.tty.PseudoTerminal;
import dev.vestibule.kernel.tty.Termios;
import dev.vestibule.kernel.tty.TtyState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;

/** How do pseudo-terminals, and what was typed and printed there, stand in images? */
final class TtyImages {
  private static final int PTY = 1;
  private static final int SLAVE_MAJOR = 136;
  private static final int MASTER_DEVICE = 5 << 8 | 2;
  private static final int SPEED = 38400;
  private static final int MOST_NUMBER = 4095;
  private static final int MOST_TYPED = 4096;
  private static final int MOST_PRINTED = 1 << 16;

  private final ImageWriter infos = new ImageWriter(ImageKind.TTY_INFO, 0);
  private final Set<Integer> written = new HashSet<>();
  private final Map<PseudoTerminal, Integer> slaves = new IdentityHashMap<>();

  // ---- saving -----------------------------------------------------------------------------------

  TtyFileEntry entry(int id, FileState.Tty file, FownEntry owner) {
    slaves.merge(file.terminal(), file.master() ? 0 : 1, Integer::sum);
    int info = file.tty().number() * 2 + (file.master() ? 1 : 0);
    if (written.add(info)) {
      infos.add(info(info, file));
    }
    return TtyFileEntry.newBuilder()
        .setId(id)
        .setTtyInfoId(info)
        .setFlags(file.flags())
        .setFown(owner)
        .build();
  }

  private static TtyInfoEntry info(int id, FileState.Tty file) {
    TtyState tty = file.tty();
    VestibuleTty.Builder own =
        VestibuleTty.newBuilder()
            .setOpened(tty.opened())
            .setLiteralNext(tty.literalNext())
            .setStopped(tty.stopped())
            .setEdited(ByteString.copyFrom(tty.edited()))
            .setPrinted(ByteString.copyFrom(tty.printed()));
    tty.lines().forEach(line -> own.addLine(ByteString.copyFrom(line)));
    return TtyInfoEntry.newBuilder()
        .setId(id)
        .setType(PTY)
        .setLocked(tty.locked())
        .setExclusive(false)
        .setPacketMode(tty.packets())
        .setSid(tty.session())
        .setPgrp(tty.foreground())
        .setRdev(file.master() ? MASTER_DEVICE : SLAVE_MAJOR << 8 | tty.number())
        .setTermios(termios(tty.termios()))
        .setWinsize(
            WinsizeEntry.newBuilder()
                .setWsRow(tty.rows())
                .setWsCol(tty.columns())
                .setWsXpixel(0)
                .setWsYpixel(0))
        .setPty(TtyPtyEntry.newBuilder().setIndex(tty.number()))
        .setVestibule(own)
        .build();
  }

  private static TermiosEntry termios(Termios termios) {
    TermiosEntry.Builder entry =
        TermiosEntry.newBuilder()
            .setCIflag(termios.input())
            .setCOflag(termios.output())
            .setCCflag(termios.control())
            .setCLflag(termios.local())
            .setCLine(termios.line())
            .setCIspeed(SPEED)
            .setCOspeed(SPEED);
    for (int i = 0; i < Termios.NCCS; i++) {
      entry.addCCc(termios.character(i));
    }
    return entry.build();
  }

  /** Refuses terminals that somebody outside the tree has open. */
  void finish(FileRegistry files) throws FreezeRefusal {
    for (Map.Entry<PseudoTerminal, Integer> each : slaves.entrySet()) {
      PseudoTerminal terminal = each.getKey();
      if (!files.has(terminal.master()) || terminal.slaves() != each.getValue()) {
        throw new FreezeRefusal(
            "%s is open in a process that is not frozen along".formatted(terminal.path()));
      }
    }
  }

  /** Writes tty-info.img if there are any. */
  void write(Path directory) throws IOException {
    if (!written.isEmpty()) {
      infos.write(directory);
    }
  }

  // ---- restoring --------------------------------------------------------------------------------

  /**
   * Reads and checks what is told of terminals: by their entries' ids, and for each file's entry.
   */
  static Map<Integer, TtyInfoEntry> read(Path directory, Map<Integer, Entry<FileEntry>> files)
      throws ImageException {
    Map<Integer, TtyInfoEntry> infos = new HashMap<>();
    var found = ImageReader.find(directory, ImageKind.TTY_INFO, 0);
    if (found.isPresent()) {
      for (Entry<TtyInfoEntry> entry : found.get().all(TtyInfoEntry.parser())) {
        check(entry);
        entry.check(
            infos.put(entry.message().getId(), entry.message()) == null, "id", "is there twice");
      }
    }
    for (Entry<FileEntry> entry : files.values()) {
      int info = entry.message().getTty().getTtyInfoId();
      entry.check(
          entry.message().getType() != FdType.TTY || infos.containsKey(info),
          "tty.tty_info_id",
          "tty-info.img is missing, or has no terminal " + info);
    }
    return infos;
  }

  private static void check(Entry<TtyInfoEntry> entry) throws ImageException {
    TtyInfoEntry info = entry.message();
    entry.check(info.getType() == PTY && info.hasPty(), "type", "is no pseudo-terminal");
    int number = info.getPty().getIndex();
    entry.check(number >= 0 && number <= MOST_NUMBER, "pty.index", number + " is none");
    entry.check(info.getId() >> 1 == number, "id", "is not that of its number");
    entry.check(
        info.getTermios().getCCcCount() == Termios.NCCS, "termios.c_cc", "are not " + Termios.NCCS);
    WinsizeEntry size = info.getWinsize();
    entry.check(side(size.getWsRow()) && side(size.getWsCol()), "winsize", "is none");
    entry.check(info.getSid() >= 0 && info.getPgrp() >= 0, "sid", "is none");
    VestibuleTty own = info.getVestibule();
    long typed = own.getEdited().size();
    for (ByteString line : own.getLineList()) {
      typed += line.size();
    }
    entry.check(
        typed <= MOST_TYPED && own.getLineCount() <= MOST_TYPED,
        "vestibule.line",
        "is more than a terminal holds");
    entry.check(
        own.getPrinted().size() <= MOST_PRINTED,
        "vestibule.printed",
        "is more than a terminal holds");
  }

  private static boolean side(int cells) {
    return cells >= 0 && cells < 1 << 16;
  }

  private static TtyState state(TtyInfoEntry info) {
    TermiosEntry termios = info.getTermios();
    byte[] characters = new byte[Termios.NCCS];
    for (int i = 0; i < characters.length; i++) {
      characters[i] = (byte) termios.getCCc(i);
    }
    VestibuleTty own = info.getVestibule();
    return new TtyState(
        info.getPty().getIndex(),
        info.getLocked(),
        info.getPacketMode(),
        own.getOpened(),
        new Termios(
            termios.getCIflag(),
            termios.getCOflag(),
            termios.getCCflag(),
            termios.getCLflag(),
            termios.getCLine(),
            characters),
        info.getWinsize().getWsRow(),
        info.getWinsize().getWsCol(),
        info.getSid(),
        info.getPgrp(),
        own.getLiteralNext(),
        own.getStopped(),
        own.getLineList().stream().map(ByteString::toByteArray).toList(),
        own.getEdited().toByteArray(),
        own.getPrinted().toByteArray());
  }

  /** The terminals of a machine that goes on. */
  static final class Restored implements AutoCloseable {
    private final Machine machine;
    private final FrozenTree tree;
    private final Map<Integer, PseudoTerminal> terminals = new HashMap<>();

    Restored(Machine machine, FrozenTree tree) {
      this.machine = machine;
      this.tree = tree;
    }

    /** Opens an end; the reference is the caller's. */
    OpenFile open(TtyFileEntry file) throws FreezeRefusal {
      int number = file.getTtyInfoId() >> 1;
      PseudoTerminal terminal = terminals.get(number);
      if (terminal == null) {
        TtyInfoEntry info = tree.terminals().get(file.getTtyInfoId());
        terminal = make(info == null ? TtyInfoEntry.getDefaultInstance() : info);
        terminals.put(number, terminal);
      }
      if ((file.getTtyInfoId() & 1) == 0) {
        return terminal.slave(file.getFlags());
      }
      terminal.master().setFlags(file.getFlags());
      return terminal.master().retain();
    }

    private PseudoTerminal make(TtyInfoEntry info) throws FreezeRefusal {
      try {
        return machine.terminals().restore(state(info));
      } catch (Failure failure) {
        throw new FreezeRefusal(
            "/dev/pts/%d is another terminal here: %s"
                .formatted(info.getPty().getIndex(), Errno.message(failure.errno())));
      }
    }

    /** All ends are open that were. */
    @Override
    public void close() {
      for (PseudoTerminal terminal : terminals.values()) {
        long closed = terminal.master().release();
        assert closed == 0;
      }
      terminals.clear();
    }
  }
}
