package dev.vestibule.checkpoint;

import com.google.protobuf.ByteString;
import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageReader;
import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.image.ImageWriter;
import dev.vestibule.checkpoint.schema.FdType;
import dev.vestibule.checkpoint.schema.FileEntry;
import dev.vestibule.checkpoint.schema.FilePermsEntry;
import dev.vestibule.checkpoint.schema.FownEntry;
import dev.vestibule.checkpoint.schema.ScmEntry;
import dev.vestibule.checkpoint.schema.SkOptsEntry;
import dev.vestibule.checkpoint.schema.SkPacketEntry;
import dev.vestibule.checkpoint.schema.UnixSkEntry;
import dev.vestibule.checkpoint.schema.VestibulePacket;
import dev.vestibule.checkpoint.schema.VestibuleSender;
import dev.vestibule.checkpoint.schema.VestibuleUnix;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.kernel.socket.Message;
import dev.vestibule.kernel.socket.Socket;
import dev.vestibule.kernel.socket.UnixSocket;
import dev.vestibule.kernel.socket.UnixState;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** How do unix sockets, and what is on its way through them, stand in images? */
final class UnixImages {
  private static final int SCM_RIGHTS = 1;
  private static final int LONGEST_NAME = 109;
  private static final int LONGEST_PATH = 4096;
  private static final int MOST_FILES = 253;

  private final FileRegistry files;
  private final ImageWriter queues;
  private final ArrayDeque<Saved> toDo = new ArrayDeque<>();
  private final List<Saved> all = new ArrayList<>();

  private record Saved(int id, UnixSocket socket, UnixState state, Task task) {}

  /**
   * @param queues sk-queues.img
   */
  UnixImages(FileRegistry files, ImageWriter queues) {
    this.files = files;
    this.queues = queues;
  }

  // ---- saving -----------------------------------------------------------------------------------

  /** The entry of a socket; connections that nobody has accepted get theirs first. */
  UnixSkEntry entry(int id, UnixSocket socket, FileState.Unix file, FownEntry owner, Task task)
      throws FreezeRefusal {
    UnixState state = file.socket();
    Saved saved = new Saved(id, socket, state, task);
    toDo.add(saved);
    all.add(saved);
    VestibuleUnix.Builder own =
        VestibuleUnix.newBuilder()
            .setReset(state.reset())
            .setPeerName(Texts.bytes(state.peerName()))
            .setSelf(sender(state.self()))
            .setPeer(sender(state.peerSelf()));
    for (UnixSocket connection : state.links().pending()) {
      own.addPending(files.of(connection, task).getId());
    }
    UnixSocket peer = state.links().peer();
    UnixSkEntry.Builder entry =
        UnixSkEntry.newBuilder()
            .setId(id)
            .setIno((int) socket.inode())
            .setType(state.type())
            .setState(
                state.backlog() >= 0
                    ? SocketEntries.LISTENING
                    : state.connected() ? SocketEntries.CONNECTED : SocketEntries.UNCONNECTED)
            .setFlags(file.flags())
            .setUflags(0)
            .setBacklog(Math.max(state.backlog(), 0))
            .setPeer(peer == null ? 0 : (int) peer.inode())
            .setFown(owner)
            .setOpts(options(state))
            .setName(Texts.bytes(state.name().text()));
    int shut = SocketEntries.shut(state.readShut(), state.writeShut());
    if (shut != 0) {
      entry.setShutdown(shut);
    }
    name(entry, own, state.name(), task);
    return entry.setVestibule(own).build();
  }

  private static void name(
      UnixSkEntry.Builder entry, VestibuleUnix.Builder own, UnixState.Name name, Task task) {
    own.setBound(name.binding() != UnixState.Binding.NONE);
    if (name.path().isEmpty()) {
      return;
    }
    own.setPath(Texts.bytes(name.path()));
    if (name.binding() == UnixState.Binding.LOST) {
      entry.setDeleted(true);
      return;
    }
    entry.setFilePerms(
        FilePermsEntry.newBuilder()
            .setMode(name.mode())
            .setUid(task.credentials().fsuid())
            .setGid(task.credentials().fsgid()));
    String relative = "/" + name.text().replace("\0", "");
    if (!relative.startsWith("//") && name.path().endsWith(relative)) {
      String directory = name.path().substring(0, name.path().length() - relative.length());
      entry.setNameDir(Texts.bytes(directory.isEmpty() ? "/" : directory));
    }
  }

  private static SkOptsEntry options(UnixState state) {
    return SocketEntries.options(UnixSocket.BUFFER, state.sendTimeout(), state.receiveTimeout())
        .setSoPasscred(state.passCredentials())
        .build();
  }

  private static VestibuleSender sender(Message.Sender sender) {
    return VestibuleSender.newBuilder()
        .setPid(sender.pid())
        .setUid(sender.uid())
        .setGid(sender.gid())
        .build();
  }

  /**
   * Adds what is on its way, which may hold further sockets, until all is known.
   *
   * @throws FreezeRefusal if a socket's other end is not frozen along
   */
  void finish() throws FreezeRefusal {
    while (!toDo.isEmpty()) {
      Saved saved = toDo.remove();
      for (UnixState.Sent sent : saved.state.links().queue()) {
        add(saved, sent);
      }
    }
    for (Saved saved : all) {
      UnixSocket peer = saved.state.links().peer();
      if (peer != null && !files.has(peer)) {
        throw new FreezeRefusal(
            "process %d has open a socket connected to %s of process %d, which is not frozen along"
                .formatted(saved.task.process().pid(), peer.shown(), peer.maker()));
      }
    }
  }

  private void add(Saved saved, UnixState.Sent sent) throws FreezeRefusal {
    SkPacketEntry.Builder packet =
        SkPacketEntry.newBuilder()
            .setIdFor(saved.id)
            .setLength(sent.bytes().length)
            .setVestibule(
                VestibulePacket.newBuilder()
                    .setFrom(Texts.bytes(sent.from()))
                    .setSender(sender(sent.sender())));
    if (!sent.files().isEmpty()) {
      ScmEntry.Builder rights = ScmEntry.newBuilder().setType(SCM_RIGHTS);
      for (OpenFile file : sent.files()) {
        rights.addRights(files.of(file, saved.task).getId());
      }
      packet.addScm(rights);
    }
    queues.add(packet.build()).extra(sent.bytes());
  }

  boolean isEmpty() {
    return all.isEmpty();
  }

  // ---- restoring --------------------------------------------------------------------------------

  /** Packets, each with its bytes, by the socket that has yet to receive them. */
  static Map<Integer, List<Packet>> packets(Path directory) throws ImageException {
    Map<Integer, List<Packet>> packets = new HashMap<>();
    var found = ImageReader.find(directory, ImageKind.SK_QUEUES, 0);
    if (found.isEmpty()) {
      return packets;
    }
    ImageReader reader = found.get();
    while (reader.more()) {
      Entry<SkPacketEntry> entry = reader.next(SkPacketEntry.parser());
      byte[] bytes = reader.extra(Integer.toUnsignedLong(entry.message().getLength()));
      packets
          .computeIfAbsent(entry.message().getIdFor(), id -> new ArrayList<>())
          .add(new Packet(entry, bytes));
    }
    return packets;
  }

  /** A packet of sk-queues.img. */
  record Packet(Entry<SkPacketEntry> entry, byte[] bytes) {
    List<Integer> rights() {
      return entry.message().getScmList().stream()
          .flatMap(scm -> scm.getRightsList().stream())
          .toList();
    }
  }

  /** Checks what a socket says of itself. */
  static void check(Entry<FileEntry> entry) throws ImageException {
    UnixSkEntry socket = entry.message().getUsk();
    int type = socket.getType();
    int state = socket.getState();
    boolean datagrams = type == Socket.SOCK_DGRAM;
    entry.check(
        type == Socket.SOCK_STREAM || datagrams || type == Socket.SOCK_SEQPACKET,
        "usk.type",
        type + " is none");
    entry.check(
        state == SocketEntries.CONNECTED
            || state == SocketEntries.UNCONNECTED
            || state == SocketEntries.LISTENING && !datagrams,
        "usk.state",
        state + " is none of such a socket");
    entry.check(
        socket.getBacklog() >= 0 && socket.getBacklog() <= UnixSocket.MOST_PENDING,
        "usk.backlog",
        socket.getBacklog() + " is none");
    SocketEntries.check(entry, "usk", socket.getShutdown(), socket.getOpts());
    entry.check(socket.getName().size() <= LONGEST_NAME, "usk.name", "is too long");
    String path = Texts.text(socket.getVestibule().getPath());
    boolean bound = socket.getVestibule().getBound();
    boolean node = bound && socket.getName().size() > 0 && socket.getName().byteAt(0) != 0;
    entry.check(!bound || !socket.getName().isEmpty(), "usk.name", "is missing");
    entry.check(
        node
            ? path.startsWith("/") && path.length() < LONGEST_PATH && path.indexOf(0) < 0
            : path.isEmpty(),
        "usk.vestibule.path",
        "is not that of the name");
    entry.check(
        socket.getVestibule().getPeerName().size() <= LONGEST_NAME,
        "usk.vestibule.peer_name",
        "is too long");
  }

  /**
   * The unix sockets of a tree by the number that peers know them by.
   *
   * @throws ImageException if one has none of its own
   */
  static Map<Integer, Entry<FileEntry>> byNumber(Collection<Entry<FileEntry>> files)
      throws ImageException {
    Map<Integer, Entry<FileEntry>> sockets = new HashMap<>();
    for (Entry<FileEntry> entry : files) {
      if (entry.message().getType() == FdType.UNIXSK) {
        int number = entry.message().getUsk().getIno();
        entry.check(
            number != 0 && sockets.put(number, entry) == null,
            "usk.ino",
            number + " is no own one");
      }
    }
    return sockets;
  }

  /** Checks how sockets hang together, and what is on its way between them. */
  static void checkLinks(FrozenTree tree) throws ImageException {
    Map<Integer, Entry<FileEntry>> sockets = tree.sockets();
    Set<Integer> accepted = new HashSet<>();
    for (Entry<FileEntry> entry : sockets.values()) {
      checkPeer(entry, sockets);
      checkPending(entry, tree.files(), accepted);
    }
    for (Map.Entry<Integer, List<Packet>> each : tree.packets().entrySet()) {
      checkPackets(each.getKey(), each.getValue(), tree.files());
    }
  }

  private static void checkPeer(Entry<FileEntry> entry, Map<Integer, Entry<FileEntry>> sockets)
      throws ImageException {
    UnixSkEntry socket = entry.message().getUsk();
    if (socket.getPeer() == 0) {
      return;
    }
    entry.check(
        socket.getState() == SocketEntries.CONNECTED,
        "usk.peer",
        "is that of an unconnected socket");
    Entry<FileEntry> other = sockets.get(socket.getPeer());
    if (other == null) {
      throw entry.bad("usk.peer", "there is no socket " + socket.getPeer());
    }
    UnixSkEntry peer = other.message().getUsk();
    entry.check(peer.getType() == socket.getType(), "usk.peer", "is another kind of socket");
    entry.check(
        socket.getType() == Socket.SOCK_DGRAM
            || peer.getPeer() == socket.getIno()
                && peer.getState() == SocketEntries.CONNECTED
                && peer.getIno() != socket.getIno(),
        "usk.peer",
        "is connected to another socket");
  }

  private static void checkPending(
      Entry<FileEntry> entry, Map<Integer, Entry<FileEntry>> files, Set<Integer> accepted)
      throws ImageException {
    UnixSkEntry socket = entry.message().getUsk();
    String field = "usk.vestibule.pending";
    List<Integer> pending = socket.getVestibule().getPendingList();
    entry.check(
        pending.isEmpty()
            || socket.getState() == SocketEntries.LISTENING
                && pending.size() <= socket.getBacklog() + 1,
        field,
        "are too many");
    for (int id : pending) {
      Entry<FileEntry> connection = files.get(id);
      entry.check(
          connection != null
              && connection.message().getType() == FdType.UNIXSK
              && connection.message().getUsk().getType() == socket.getType()
              && connection.message().getUsk().getState() == SocketEntries.CONNECTED
              && accepted.add(id),
          field,
          id + " is no connection to it");
    }
  }

  private static void checkPackets(
      int id, List<Packet> packets, Map<Integer, Entry<FileEntry>> files) throws ImageException {
    Entry<FileEntry> owner = files.get(id);
    if (owner != null && owner.message().getType() == FdType.INETSK) {
      InetImages.checkPackets(packets);
      return;
    }
    long total = 0;
    for (Packet packet : packets) {
      Entry<SkPacketEntry> entry = packet.entry();
      entry.check(
          owner != null && owner.message().getType() == FdType.UNIXSK,
          "id_for",
          "there is no socket " + id);
      total += packet.bytes().length;
      entry.check(total <= UnixSocket.BUFFER, "length", "is more than a socket holds");
      entry.check(
          entry.message().getVestibule().getFrom().size() <= LONGEST_NAME,
          "vestibule.from",
          "is too long");
      for (ScmEntry scm : entry.message().getScmList()) {
        entry.check(scm.getType() == SCM_RIGHTS, "scm.type", scm.getType() + " is unknown");
      }
      entry.check(packet.rights().size() <= MOST_FILES, "scm.rights", "are too many");
      for (int file : packet.rights()) {
        entry.check(files.containsKey(file), "scm.rights", "there is no file " + file);
      }
    }
  }

  /** What has to be made of an entry. */
  static FileState.Unix state(UnixSkEntry socket) {
    VestibuleUnix own = socket.getVestibule();
    UnixState.Binding binding =
        !own.getBound()
            ? UnixState.Binding.NONE
            : own.getPath().isEmpty()
                ? UnixState.Binding.ABSTRACT
                : socket.getDeleted() ? UnixState.Binding.LOST : UnixState.Binding.NODE;
    return new FileState.Unix(
        new UnixState(
            socket.getType(),
            new UnixState.Name(
                Texts.text(socket.getName()),
                binding,
                Texts.text(own.getPath()),
                socket.getFilePerms().getMode()),
            socket.getState() == SocketEntries.LISTENING ? socket.getBacklog() : -1,
            socket.getState() == SocketEntries.CONNECTED,
            (socket.getShutdown() & SocketEntries.READ_SHUT) != 0,
            (socket.getShutdown() & SocketEntries.WRITE_SHUT) != 0,
            own.getReset(),
            socket.getOpts().getSoPasscred(),
            SocketEntries.receiveTimeout(socket.getOpts()),
            SocketEntries.sendTimeout(socket.getOpts()),
            Texts.text(own.getPeerName()),
            sender(own.getSelf()),
            sender(own.getPeer()),
            UnixState.Links.NONE),
        socket.getFlags());
  }

  private static Message.Sender sender(VestibuleSender sender) {
    return new Message.Sender(sender.getPid(), sender.getUid(), sender.getGid());
  }

  /** How a file of the images comes to be open. */
  interface Opener {
    OpenFile open(int id) throws FreezeRefusal;
  }

  /** Connects all sockets again, and puts back what was on its way. */
  static void link(FrozenTree tree, Opener opener, Task task) throws FreezeRefusal {
    Map<Integer, Entry<FileEntry>> sockets = tree.sockets();
    for (Entry<FileEntry> entry : sockets.values()) {
      UnixSkEntry socket = entry.message().getUsk();
      Entry<FileEntry> peer = sockets.get(socket.getPeer());
      List<UnixSocket> pending = new ArrayList<>();
      for (int id : socket.getVestibule().getPendingList()) {
        pending.add((UnixSocket) opener.open(id));
      }
      List<UnixState.Sent> queue = new ArrayList<>();
      for (Packet packet : tree.packets().getOrDefault(socket.getId(), List.of())) {
        queue.add(sent(packet, opener));
      }
      @Nullable UnixSocket other =
          peer == null ? null : (UnixSocket) opener.open(peer.message().getId());
      ((UnixSocket) opener.open(entry.message().getId()))
          .link(task, new UnixState.Links(other, pending, queue));
    }
  }

  private static UnixState.Sent sent(Packet packet, Opener opener) throws FreezeRefusal {
    List<OpenFile> inFlight = new ArrayList<>();
    for (int id : packet.rights()) {
      inFlight.add(opener.open(id));
    }
    VestibulePacket own = packet.entry().message().getVestibule();
    ByteString from = own.getFrom();
    return new UnixState.Sent(packet.bytes(), Texts.text(from), sender(own.getSender()), inFlight);
  }
}
