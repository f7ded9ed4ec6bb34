package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageWriter;
import dev.vestibule.checkpoint.schema.EventfdFileEntry;
import dev.vestibule.checkpoint.schema.EventpollFileEntry;
import dev.vestibule.checkpoint.schema.EventpollTfdEntry;
import dev.vestibule.checkpoint.schema.ExtFileEntry;
import dev.vestibule.checkpoint.schema.FdType;
import dev.vestibule.checkpoint.schema.FifoEntry;
import dev.vestibule.checkpoint.schema.FileEntry;
import dev.vestibule.checkpoint.schema.FownEntry;
import dev.vestibule.checkpoint.schema.MemfdFileEntry;
import dev.vestibule.checkpoint.schema.PipeEntry;
import dev.vestibule.checkpoint.schema.RegFileEntry;
import dev.vestibule.checkpoint.schema.SignalfdEntry;
import dev.vestibule.checkpoint.schema.TimerfdEntry;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.HostFile;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.kernel.memory.Backing;
import dev.vestibule.kernel.pipe.PipeEnd;
import dev.vestibule.kernel.socket.InetSocket;
import dev.vestibule.kernel.socket.UnixSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which number has each open file of a tree in its images? Descriptions that descriptors share have
 * one number; so has what is mapped, run and stood in, for which CRIU writes file entries, too.
 */
final class FileRegistry {
  /** EFD_SEMAPHORE. */
  static final int SEMAPHORE = 1;

  private final Map<OpenFile, FileEntry> open = new IdentityHashMap<>();
  private final Map<Object, Integer> mapped = new HashMap<>();
  private final Map<String, Integer> named = new HashMap<>();
  private final ImageWriter files = new ImageWriter(ImageKind.FILES, 0);
  private final PipeImages pipes = new PipeImages(ImageKind.PIPES_DATA);
  private final UnnamedImages unnamed = new UnnamedImages();
  private final TtyImages terminals = new TtyImages();
  private final PipeImages fifos = new PipeImages(ImageKind.FIFO_DATA);
  private final ImageWriter queues = new ImageWriter(ImageKind.SK_QUEUES, 0);
  private final UnixImages unix = new UnixImages(this, queues);
  private final InetImages inet = new InetImages(this);
  private int last;

  /** The entry of an open file, made when it is first asked for. */
  FileEntry of(OpenFile file, Task task) throws FreezeRefusal {
    FileEntry known = open.get(file);
    if (known != null) {
      return known;
    }
    FileEntry entry = entry(++last, file, file.state(task), task);
    open.put(file, entry);
    files.add(entry);
    return entry;
  }

  private FileEntry entry(int id, OpenFile file, FileState state, Task task) throws FreezeRefusal {
    FownEntry owner = owner(file, task);
    FileEntry.Builder entry = FileEntry.newBuilder().setId(id);
    return switch (state) {
      case FileState.Named s -> {
        if (!s.found()) {
          throw refusal(task, "a file that its name no longer leads to: " + shown(s.path()));
        }
        RegFileEntry.Builder reg =
            RegFileEntry.newBuilder()
                .setId(id)
                .setFlags(s.flags())
                .setPos(s.position())
                .setFown(owner)
                .setNameBytes(Texts.bytes(s.path().isEmpty() ? "/" : s.path()))
                .setMode(s.mode());
        if ((s.mode() & FileStatus.S_IFMT) == FileStatus.S_IFREG) {
          reg.setSize(s.size());
        }
        yield entry.setType(FdType.REG).setReg(reg).build();
      }
      case FileState.Unnamed s -> unnamed(id, (HostFile) file, s, owner);
      case FileState.Tty s ->
          entry.setType(FdType.TTY).setTty(terminals.entry(id, s, owner)).build();
      case FileState.Stream s ->
          entry
              .setType(FdType.EXT)
              .setExt(
                  ExtFileEntry.newBuilder()
                      .setId(id)
                      .setFown(owner)
                      .setStream(s.number())
                      .setFlags(s.flags()))
              .build();
      case FileState.Unix s ->
          entry
              .setType(FdType.UNIXSK)
              .setUsk(unix.entry(id, (UnixSocket) file, s, owner, task))
              .build();
      case FileState.Inet s ->
          entry
              .setType(FdType.INETSK)
              .setIsk(inet.entry(id, (InetSocket) file, s, owner, task))
              .build();
      case FileState.Pipe s ->
          entry
              .setType(FdType.PIPE)
              .setPipe(
                  PipeEntry.newBuilder()
                      .setId(id)
                      .setPipeId(pipes.id(s.pipe(), (PipeEnd) file))
                      .setFlags(s.flags())
                      .setFown(owner))
              .build();
      case FileState.Fifo s -> {
        FileState.Named named = new FileState.Named(s.path(), s.flags(), 0, 0, s.mode(), s.found());
        int plain = ++last;
        files.add(entry(plain, file, named, task));
        yield entry
            .setType(FdType.FIFO)
            .setFifo(
                FifoEntry.newBuilder()
                    .setId(id)
                    .setPipeId(fifos.id(s.pipe(), (PipeEnd) file))
                    .setRegfId(plain))
            .build();
      }
      case FileState.Event s ->
          entry
              .setType(FdType.EVENTFD)
              .setEfd(
                  EventfdFileEntry.newBuilder()
                      .setId(id)
                      .setFlags(s.flags() | (s.semaphore() ? SEMAPHORE : 0))
                      .setFown(owner)
                      .setCounter(s.counter()))
              .build();
      case FileState.SignalSet s ->
          entry
              .setType(FdType.SIGNALFD)
              .setSgfd(
                  SignalfdEntry.newBuilder()
                      .setId(id)
                      .setFlags(s.flags())
                      .setFown(owner)
                      .setSigmask(s.mask()))
              .build();
      case FileState.Timer s ->
          entry
              .setType(FdType.TIMERFD)
              .setTfd(
                  TimerfdEntry.newBuilder()
                      .setId(id)
                      .setFlags(s.flags())
                      .setFown(owner)
                      .setClockid(s.clock())
                      .setTicks(s.ticks())
                      .setSettimeFlags(0)
                      .setVsec(s.left() / Nanos.SECOND)
                      .setVnsec(s.left() % Nanos.SECOND)
                      .setIsec(s.interval() / Nanos.SECOND)
                      .setInsec(s.interval() % Nanos.SECOND))
              .build();
      case FileState.Poll s -> {
        EventpollFileEntry.Builder poll =
            EventpollFileEntry.newBuilder().setId(id).setFlags(s.flags()).setFown(owner);
        for (FileState.Watched watched : s.watched()) {
          poll.addTfd(
              EventpollTfdEntry.newBuilder()
                  .setId(of(watched.file(), task).getId())
                  .setTfd(watched.fd())
                  .setEvents(watched.events())
                  .setData(watched.data()));
        }
        yield entry.setType(FdType.EVENTPOLL).setEpfd(poll).build();
      }
      case FileState.Notify s ->
          entry.setType(FdType.INOTIFY).setIfy(InotifyImages.entry(id, s, owner, task)).build();
      case FileState.Unknown s -> throw refusal(task, shown(s.what()));
    };
  }

  private FileEntry unnamed(int id, HostFile file, FileState.Unnamed state, FownEntry owner)
      throws FreezeRefusal {
    FileEntry.Builder entry = FileEntry.newBuilder().setId(id);
    if (state.memory()) {
      return entry
          .setType(FdType.MEMFD)
          .setMemfd(
              MemfdFileEntry.newBuilder()
                  .setId(id)
                  .setFlags(state.flags())
                  .setPos(state.position())
                  .setFown(owner)
                  .setInodeId(unnamed.inMemory(state, file)))
          .build();
    }
    unnamed.deleted(id, state, file);
    return entry
        .setType(FdType.REG)
        .setReg(
            RegFileEntry.newBuilder()
                .setId(id)
                .setFlags(state.flags())
                .setPos(state.position())
                .setFown(owner)
                .setNameBytes(Texts.bytes(state.path()))
                .setMode(state.status().mode())
                .setSize(state.status().size()))
        .build();
  }

  private static FreezeRefusal refusal(Task task, String what) {
    return new FreezeRefusal(
        "process %d has open what cannot be frozen: %s".formatted(task.process().pid(), what));
  }

  private static String shown(String text) {
    return GuestText.toHost(text);
  }

  private static FownEntry owner(OpenFile file, Task task) {
    int owner = file.owner();
    int process = 1; // F_OWNER_PID
    int group = 2; // F_OWNER_PGRP
    return FownEntry.newBuilder()
        .setUid(owner == 0 ? 0 : task.credentials().uid())
        .setEuid(owner == 0 ? 0 : task.credentials().euid())
        .setSignum(file.ownerSignal())
        .setPidType(owner == 0 ? 0 : owner > 0 ? process : group)
        .setPid(Math.abs(owner))
        .build();
  }

  /** The number of what is mapped of a file, by the file's name. */
  int mapped(Backing backing, Task task) throws FreezeRefusal {
    Integer known = mapped.get(backing.identity());
    if (known != null) {
      return known;
    }
    FileStatus there = FileNames.status(task, backing.path());
    if (there == null || there.inode() != backing.inode() || there.device() != backing.device()) {
      throw new FreezeRefusal(
          "process %d maps a file that its name no longer leads to: %s"
              .formatted(task.process().pid(), shown(backing.path())));
    }
    int readWrite = 2;
    List<Integer> build = BuildId.of(backing.hostFd());
    int id = reg(backing.path(), backing.hostWritable() ? readWrite : 0, there, build);
    mapped.put(backing.identity(), id);
    return id;
  }

  /** The number of a program or a directory, by its name. */
  int named(String path, Task task) throws FreezeRefusal {
    String name = path.isEmpty() ? "/" : path;
    Integer known = named.get(name);
    if (known != null) {
      return known;
    }
    FileStatus there = FileNames.status(task, name);
    if (there == null) {
      throw new FreezeRefusal(
          "process %d needs %s, which is gone".formatted(task.process().pid(), shown(name)));
    }
    int id = reg(name, 0, there, List.of());
    named.put(name, id);
    return id;
  }

  private int reg(String name, int flags, FileStatus there, List<Integer> build) {
    int id = ++last;
    RegFileEntry.Builder reg =
        RegFileEntry.newBuilder()
            .setId(id)
            .setFlags(flags)
            .setPos(0)
            .setFown(
                FownEntry.newBuilder().setUid(0).setEuid(0).setSignum(0).setPidType(0).setPid(0))
            .setNameBytes(Texts.bytes(name))
            .addAllBuildId(build)
            .setMode(there.mode());
    if (there.type() == FileStatus.S_IFREG) {
      reg.setSize(there.size());
    }
    files.add(FileEntry.newBuilder().setType(FdType.REG).setId(id).setReg(reg).build());
    return id;
  }

  /** Whether a file is one of the tree's. */
  boolean has(OpenFile file) {
    return open.containsKey(file);
  }

  /**
   * Writes files.img and, where there are pipes or sockets, what is in them.
   *
   * @throws FreezeRefusal if a socket, a terminal or a pipe leads out of the tree
   */
  void write(Path directory) throws IOException, FreezeRefusal {
    unix.finish();
    inet.finish(queues);
    terminals.finish(this);
    pipes.finish();
    fifos.finish();
    files.write(directory);
    inet.write(directory);
    if (!unix.isEmpty() || !inet.isEmpty()) {
      queues.write(directory);
    }
    unnamed.write(directory);
    terminals.write(directory);
    pipes.write(directory);
    fifos.write(directory);
  }
}
