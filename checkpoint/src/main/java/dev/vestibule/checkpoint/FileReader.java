package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.schema.EventpollTfdEntry;
import dev.vestibule.checkpoint.schema.ExtFileEntry;
import dev.vestibule.checkpoint.schema.FdType;
import dev.vestibule.checkpoint.schema.FdinfoEntry;
import dev.vestibule.checkpoint.schema.FileEntry;
import dev.vestibule.checkpoint.schema.FsEntry;
import dev.vestibule.checkpoint.schema.RegFileEntry;
import dev.vestibule.checkpoint.schema.TimerfdEntry;
import dev.vestibule.kernel.file.FileState;
import java.util.List;
import java.util.Map;

/** Are the images' files such as can be opened, and what is there to open? */
final class FileReader {
  private static final int MOST_FD = 1 << 20;
  private static final int LONGEST_NAME = 4096;

  private FileReader() {}

  static void check(Entry<FileEntry> entry, FrozenTree tree) throws ImageException {
    FileEntry file = entry.message();
    boolean present =
        switch (file.getType()) {
          case REG -> file.hasReg();
          case PIPE -> file.hasPipe();
          case FIFO -> file.hasFifo();
          case MEMFD -> file.hasMemfd();
          case TTY -> file.hasTty();
          case EVENTFD -> file.hasEfd();
          case INOTIFY -> file.hasIfy() && file.getIfy().getId() == file.getId();
          case SIGNALFD -> file.hasSgfd();
          case TIMERFD -> file.hasTfd();
          case EVENTPOLL -> file.hasEpfd();
          case UNIXSK -> file.hasUsk() && file.getUsk().getId() == file.getId();
          case INETSK -> file.hasIsk() && file.getIsk().getId() == file.getId();
          case EXT -> file.hasExt() && file.getExt().hasStream();
          default -> throw entry.bad("type", file.getType() + " cannot be had again");
        };
    entry.check(present, "type", "what it says is missing, or of another file");
    switch (file.getType()) {
      case REG -> {
        RegFileEntry reg = file.getReg();
        String name = Texts.text(reg.getNameBytes());
        entry.check(
            name.startsWith("/") && name.length() < LONGEST_NAME && name.indexOf(0) < 0,
            "reg.name",
            "is no absolute path");
        entry.check(reg.getPos() >= 0, "reg.pos", "is negative");
        entry.check(reg.getSize() >= 0, "reg.size", "is negative");
      }
      case PIPE ->
          entry.check(
              tree.pipes().containsKey(file.getPipe().getPipeId()),
              "pipe.pipe_id",
              "pipes-data.img is missing, or has no pipe " + file.getPipe().getPipeId());
      case INOTIFY -> InotifyImages.check(entry);
      case UNIXSK -> UnixImages.check(entry);
      case INETSK -> InetImages.check(entry);
      case MEMFD -> entry.check(file.getMemfd().getPos() >= 0, "memfd.pos", "is negative");
      case FIFO ->
          entry.check(
              tree.fifos().containsKey(file.getFifo().getPipeId()),
              "fifo.pipe_id",
              "fifo-data.img is missing, or has no FIFO " + file.getFifo().getPipeId());
      case EXT -> {
        int stream = file.getExt().getStream();
        entry.check(stream >= 0 && stream <= 2, "ext.stream", stream + " is none");
      }
      case TIMERFD -> {
        TimerfdEntry timer = file.getTfd();
        entry.check(
            Nanos.valid(timer.getVsec(), timer.getVnsec(), Nanos.SECOND)
                && Nanos.valid(timer.getIsec(), timer.getInsec(), Nanos.SECOND),
            "tfd",
            "is no time");
      }
      default -> {}
    }
  }

  /** What an epoll watches, and the name of a FIFO, must be there. */
  static void checkReferences(Entry<FileEntry> entry, Map<Integer, Entry<FileEntry>> files)
      throws ImageException {
    if (entry.message().getType() == FdType.FIFO) {
      Entry<FileEntry> plain = files.get(entry.message().getFifo().getRegfId());
      entry.check(
          plain != null && plain.message().getType() == FdType.REG,
          "fifo.regf_id",
          "there is no such name");
    }
    for (EventpollTfdEntry watched : entry.message().getEpfd().getTfdList()) {
      Entry<FileEntry> file = files.get(watched.getId());
      entry.check(file != null, "epfd.tfd.id", "there is no file " + watched.getId());
      entry.check(
          file == null || file.message().getType() != FdType.EVENTPOLL,
          "epfd.tfd.id",
          "epolls that watch each other cannot be had again");
    }
  }

  static void check(Entry<FdinfoEntry> entry, Map<Integer, Entry<FileEntry>> files)
      throws ImageException {
    FdinfoEntry info = entry.message();
    Entry<FileEntry> file = files.get(info.getId());
    if (file == null) {
      throw entry.bad("id", "there is no file " + info.getId());
    }
    entry.check(file.message().getType() == info.getType(), "type", "files.img says another");
    entry.check(info.getFd() >= 0 && info.getFd() < MOST_FD, "fd", info.getFd() + " is none");
  }

  static void checkNamed(
      Entry<FsEntry> entry, String field, int id, Map<Integer, Entry<FileEntry>> files)
      throws ImageException {
    Entry<FileEntry> file = files.get(id);
    entry.check(
        file != null && file.message().getType() == FdType.REG, field, "there is no file " + id);
  }

  /**
   * A FIFO.
   *
   * @param plain the entry with its name
   */
  static FileState.Fifo fifo(FileEntry file, FileEntry plain) {
    RegFileEntry reg = plain.getReg();
    return new FileState.Fifo(
        Texts.text(reg.getNameBytes()),
        file.getFifo().getPipeId(),
        reg.getFlags(),
        reg.getMode(),
        true);
  }

  /**
   * What has to be opened; pipes and FIFOs are made by their ends, what an epoll watches is added
   * later.
   */
  static FileState state(FileEntry file) {
    return switch (file.getType()) {
      case REG -> {
        RegFileEntry reg = file.getReg();
        yield new FileState.Named(
            Texts.text(reg.getNameBytes()),
            reg.getFlags(),
            reg.getPos(),
            reg.getSize(),
            reg.getMode(),
            true);
      }
      case EXT -> {
        ExtFileEntry ext = file.getExt();
        yield new FileState.Stream(ext.getStream(), ext.getFlags());
      }
      case UNIXSK -> UnixImages.state(file.getUsk());
      case INOTIFY -> InotifyImages.state(file.getIfy());
      case EVENTFD ->
          new FileState.Event(
              file.getEfd().getCounter(),
              (file.getEfd().getFlags() & FileRegistry.SEMAPHORE) != 0,
              file.getEfd().getFlags() & ~FileRegistry.SEMAPHORE);
      case SIGNALFD ->
          new FileState.SignalSet(file.getSgfd().getSigmask(), file.getSgfd().getFlags());
      case TIMERFD -> {
        TimerfdEntry timer = file.getTfd();
        yield new FileState.Timer(
            timer.getClockid(),
            timer.getTicks(),
            Nanos.of(timer.getVsec(), timer.getVnsec()),
            Nanos.of(timer.getIsec(), timer.getInsec()),
            timer.getFlags());
      }
      case EVENTPOLL -> new FileState.Poll(List.of(), file.getEpfd().getFlags());
      default -> new FileState.Unknown(file.getType().name(), 0);
    };
  }
}
