package dev.vestibule.checkpoint;

import com.google.protobuf.ByteString;
import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.image.ImageWriter;
import dev.vestibule.checkpoint.schema.FdType;
import dev.vestibule.checkpoint.schema.FileEntry;
import dev.vestibule.checkpoint.schema.FownEntry;
import dev.vestibule.checkpoint.schema.InetSkEntry;
import dev.vestibule.checkpoint.schema.SkPacketEntry;
import dev.vestibule.checkpoint.schema.VestibuleControl;
import dev.vestibule.checkpoint.schema.VestibuleInet;
import dev.vestibule.checkpoint.schema.VestibuleOption;
import dev.vestibule.checkpoint.schema.VestibulePacket;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.kernel.socket.Endpoint;
import dev.vestibule.kernel.socket.InetSocket;
import dev.vestibule.kernel.socket.InetState;
import dev.vestibule.kernel.socket.InetThaw;
import dev.vestibule.kernel.socket.Message;
import dev.vestibule.kernel.socket.Socket;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** How do TCP and UDP sockets, and what has arrived at them, stand in images? */
final class InetImages {
  private static final int BUFFER = 212_992;
  private static final int MOST_OPTIONS = 256;
  private static final int LARGEST_OPTION = 512;
  private static final int LARGEST_DATAGRAM = 1 << 16;
  private static final int MOST_ERRNO = 4095;

  private static final Set<Integer> PROTOCOLS = Set.of(17, 136);
  private static final int TCP = 6;

  private final FileRegistry files;
  private final List<Saved> all = new ArrayList<>();

  private record Saved(int id, InetSocket socket, InetState state, Task task) {}

  InetImages(FileRegistry files) {
    this.files = files;
  }

  // ---- saving -----------------------------------------------------------------------------------

  /** The entry of a socket; connections that nobody has accepted get theirs first. */
  InetSkEntry entry(int id, InetSocket socket, FileState.Inet file, FownEntry owner, Task task)
      throws FreezeRefusal {
    InetState state = file.socket();
    all.add(new Saved(id, socket, state, task));
    VestibuleInet.Builder own =
        VestibuleInet.newBuilder()
            .setEnded(state.phase() == InetState.Phase.ENDED)
            .setError(state.error());
    for (InetState.Option option : state.options()) {
      own.addOption(
          VestibuleOption.newBuilder()
              .setLevel(option.level())
              .setOption(option.option())
              .setValue(ByteString.copyFrom(option.value())));
    }
    for (InetSocket connection : state.pending()) {
      own.addPending(files.of(connection, task).getId());
    }
    Endpoint peer = state.peer();
    InetSkEntry.Builder entry =
        InetSkEntry.newBuilder()
            .setId(id)
            .setIno((int) socket.inode())
            .setFamily(state.family())
            .setType(state.type())
            .setProto(state.protocol())
            .setState(number(state))
            .setSrcPort(state.name().port())
            .setDstPort(peer == null ? 0 : peer.port())
            .setFlags(file.flags())
            .setBacklog(Math.max(state.backlog(), 0))
            .addAllSrcAddr(words(state.name(), state.family()))
            .addAllDstAddr(words(peer == null ? Endpoint.NONE : peer, state.family()))
            .setFown(owner)
            .setOpts(SocketEntries.options(BUFFER, state.sendTimeout(), state.receiveTimeout()))
            .setVestibule(own);
    int shut = SocketEntries.shut(state.readShut(), state.writeShut());
    return (shut == 0 ? entry : entry.setShutdown(shut)).build();
  }

  private static int number(InetState state) {
    return switch (state.phase()) {
      case OPEN -> state.peer() == null ? SocketEntries.UNCONNECTED : SocketEntries.CONNECTED;
      case LISTENING -> SocketEntries.LISTENING;
      case CONNECTED -> SocketEntries.CONNECTED;
      case ABANDONED -> SocketEntries.ABANDONED;
      case ENDED -> SocketEntries.UNCONNECTED;
    };
  }

  private static List<Integer> words(Endpoint end, int family) {
    ByteBuffer bytes = ByteBuffer.allocate(16).putLong(end.high()).putLong(end.low()).flip();
    bytes.order(ByteOrder.LITTLE_ENDIAN);
    return family == Socket.AF_INET
        ? List.of(bytes.getInt(12))
        : List.of(bytes.getInt(0), bytes.getInt(4), bytes.getInt(8), bytes.getInt(12));
  }

  /**
   * Adds what has arrived.
   *
   * @param queues sk-queues.img
   * @throws FreezeRefusal if a connection leads out of the tree
   */
  void finish(ImageWriter queues) throws FreezeRefusal {
    InetEnds<Saved> ends = ends();
    long arrived = 0;
    for (Saved saved : all) {
      InetState state = saved.state;
      Endpoint peer = state.peer();
      boolean inside =
          peer == null
              || (living(saved)
                  ? ends.other(state.name(), peer) != null
                  : stream(saved) || ends.arrive(state.name(), peer));
      if (!inside) {
        throw refusal(saved, "which is not frozen along");
      }
      for (InetState.Arrival arrival : state.queue()) {
        arrived += arrival.bytes().length;
        if (!stream(saved)) {
          add(queues, saved.id, arrival);
        }
      }
    }
    if (arrived > TcpStreams.MOST_ARRIVED) {
      throw new FreezeRefusal(
          "%d bytes have arrived at sockets and were not received; %d bytes are the most"
              .formatted(arrived, TcpStreams.MOST_ARRIVED));
    }
  }

  private InetEnds<Saved> ends() throws FreezeRefusal {
    InetEnds<Saved> ends = new InetEnds<>();
    for (Saved saved : all) {
      Endpoint name = saved.state.name();
      Endpoint peer = saved.state.peer();
      if (!stream(saved)) {
        ends.addDatagrams(name);
      } else if (peer != null && living(saved) && !ends.addStream(name, peer, saved)) {
        throw refusal(saved, "which are also those of another one");
      }
    }
    return ends;
  }

  private static FreezeRefusal refusal(Saved saved, String problem) {
    Endpoint peer = saved.state.peer();
    return new FreezeRefusal(
        "process %d has open a connection from %s to %s, %s"
            .formatted(
                saved.task.process().pid(),
                saved.state.name().text(),
                peer == null ? "nobody" : peer.text(),
                problem));
  }

  private static boolean stream(Saved saved) {
    return saved.state.type() == Socket.SOCK_STREAM;
  }

  private static boolean living(Saved saved) {
    return stream(saved) && saved.state.phase() == InetState.Phase.CONNECTED;
  }

  private static void add(ImageWriter queues, int id, InetState.Arrival arrival) {
    VestibulePacket.Builder own = VestibulePacket.newBuilder();
    byte[] from = arrival.from();
    if (from != null) {
      own.setAddress(ByteString.copyFrom(from));
    }
    for (Message.Control control : arrival.controls()) {
      own.addControl(
          VestibuleControl.newBuilder()
              .setLevel(control.level())
              .setType(control.type())
              .setData(ByteString.copyFrom(control.data())));
    }
    queues
        .add(
            SkPacketEntry.newBuilder()
                .setIdFor(id)
                .setLength(arrival.bytes().length)
                .setVestibule(own)
                .build())
        .extra(arrival.bytes());
  }

  boolean isEmpty() {
    return all.isEmpty();
  }

  /** Writes a tcp-stream.img for each connection. */
  void write(Path directory) throws IOException {
    for (Saved saved : all) {
      if (!stream(saved) || saved.state.peer() == null && saved.state.queue().isEmpty()) {
        continue;
      }
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      saved.state.queue().forEach(arrival -> bytes.writeBytes(arrival.bytes()));
      TcpStreams.write(directory, (int) saved.socket.inode(), bytes.toByteArray());
    }
  }

  // ---- restoring --------------------------------------------------------------------------------

  /** Checks what a socket says of itself. */
  static void check(Entry<FileEntry> entry) throws ImageException {
    InetSkEntry socket = entry.message().getIsk();
    int family = socket.getFamily();
    boolean stream = socket.getType() == Socket.SOCK_STREAM;
    entry.check(
        family == Socket.AF_INET || family == Socket.AF_INET6, "isk.family", family + " is none");
    entry.check(
        stream || socket.getType() == Socket.SOCK_DGRAM, "isk.type", socket.getType() + " is none");
    entry.check(
        stream ? socket.getProto() == TCP : PROTOCOLS.contains(socket.getProto()),
        "isk.proto",
        socket.getProto() + " is none of such a socket");
    int state = socket.getState();
    boolean ended = socket.getVestibule().getEnded();
    entry.check(
        state == SocketEntries.CONNECTED && !ended
            || state == SocketEntries.UNCONNECTED && (stream || !ended)
            || stream
                && !ended
                && (state == SocketEntries.ABANDONED || state == SocketEntries.LISTENING),
        "isk.state",
        state + " is none of such a socket");
    int words = family == Socket.AF_INET ? 1 : 4;
    entry.check(socket.getSrcAddrCount() == words, "isk.src_addr", "is no address");
    entry.check(socket.getDstAddrCount() == words, "isk.dst_addr", "is no address");
    entry.check(port(socket.getSrcPort()), "isk.src_port", "is none");
    entry.check(port(socket.getDstPort()), "isk.dst_port", "is none");
    entry.check(
        state != SocketEntries.CONNECTED || socket.getDstPort() != 0,
        "isk.dst_port",
        "is not that of a peer");
    SocketEntries.check(entry, "isk", socket.getShutdown(), socket.getOpts());
    entry.check(
        socket.getVestibule().getOptionCount() <= MOST_OPTIONS, "isk.vestibule.option", "too many");
    for (VestibuleOption option : socket.getVestibule().getOptionList()) {
      entry.check(
          option.getValue().size() <= LARGEST_OPTION, "isk.vestibule.option", "is too long");
    }
    int error = socket.getVestibule().getError();
    entry.check(error >= 0 && error <= MOST_ERRNO, "isk.vestibule.error", error + " is none");
  }

  private static boolean port(int number) {
    return number >= 0 && number < 1 << 16;
  }

  /** Checks that each listener has connections of its own. */
  static void checkLinks(FrozenTree tree) throws ImageException {
    Set<Integer> accepted = new HashSet<>();
    for (Entry<FileEntry> entry : tree.files().values()) {
      if (entry.message().getType() != FdType.INETSK) {
        continue;
      }
      InetSkEntry socket = entry.message().getIsk();
      List<Integer> pending = socket.getVestibule().getPendingList();
      entry.check(
          pending.isEmpty() || socket.getState() == SocketEntries.LISTENING,
          "isk.vestibule.pending",
          "are not those of a listener");
      for (int id : pending) {
        Entry<FileEntry> connection = tree.files().get(id);
        entry.check(
            connection != null
                && connection.message().getType() == FdType.INETSK
                && connection.message().getIsk().getType() == Socket.SOCK_STREAM
                && accepted.add(id),
            "isk.vestibule.pending",
            id + " is no connection to it");
      }
    }
  }

  /**
   * The other end of each living connection, by the ids of both.
   *
   * @throws ImageException if one has no other end, or two have the same ends
   */
  static Map<Integer, Entry<FileEntry>> connections(Collection<Entry<FileEntry>> files)
      throws ImageException {
    InetEnds<Entry<FileEntry>> ends = new InetEnds<>();
    List<Entry<FileEntry>> living = new ArrayList<>();
    for (Entry<FileEntry> entry : files) {
      InetSkEntry socket = entry.message().getIsk();
      if (entry.message().getType() == FdType.INETSK && living(socket)) {
        entry.check(
            ends.addStream(source(socket), destination(socket), entry),
            "isk.dst_port",
            "another connection has the same ends");
        living.add(entry);
      }
    }
    Map<Integer, Entry<FileEntry>> others = new HashMap<>();
    for (Entry<FileEntry> entry : living) {
      InetSkEntry socket = entry.message().getIsk();
      Entry<FileEntry> other = ends.other(source(socket), destination(socket));
      if (other == null) {
        throw entry.bad("isk.dst_port", "there is no other end of the connection");
      }
      others.put(entry.message().getId(), other);
    }
    return others;
  }

  /** Checks datagrams that have arrived at a socket. */
  static void checkPackets(List<UnixImages.Packet> packets) throws ImageException {
    for (UnixImages.Packet packet : packets) {
      Entry<SkPacketEntry> entry = packet.entry();
      VestibulePacket own = entry.message().getVestibule();
      entry.check(packet.bytes().length <= LARGEST_DATAGRAM, "length", "is no datagram's");
      int size = own.getAddress().size();
      entry.check(size == 0 || size == 16 || size == 28, "vestibule.address", "is none");
      entry.check(entry.message().getScmCount() == 0, "scm", "of a socket that has none");
      for (VestibuleControl control : own.getControlList()) {
        entry.check(control.getData().size() <= LARGEST_OPTION, "vestibule.control", "is too long");
      }
    }
  }

  private static boolean living(InetSkEntry socket) {
    return socket.getType() == Socket.SOCK_STREAM && socket.getState() == SocketEntries.CONNECTED;
  }

  private static Endpoint source(InetSkEntry socket) {
    return endpoint(socket.getFamily(), socket.getSrcAddrList(), socket.getSrcPort());
  }

  private static Endpoint destination(InetSkEntry socket) {
    return endpoint(socket.getFamily(), socket.getDstAddrList(), socket.getDstPort());
  }

  private static Endpoint endpoint(int family, List<Integer> words, int port) {
    ByteBuffer bytes = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    words.forEach(bytes::putInt);
    bytes.order(ByteOrder.BIG_ENDIAN);
    return family == Socket.AF_INET
        ? Endpoint.ofInt(bytes.getInt(0), port)
        : new Endpoint(bytes.getLong(0), bytes.getLong(8), port);
  }

  private static FileState.Inet state(Entry<FileEntry> entry, FrozenTree tree) {
    InetSkEntry socket = entry.message().getIsk();
    VestibuleInet own = socket.getVestibule();
    boolean stream = socket.getType() == Socket.SOCK_STREAM;
    InetState.Phase phase =
        switch (socket.getState()) {
          case SocketEntries.LISTENING -> InetState.Phase.LISTENING;
          case SocketEntries.ABANDONED -> InetState.Phase.ABANDONED;
          case SocketEntries.CONNECTED -> stream ? InetState.Phase.CONNECTED : InetState.Phase.OPEN;
          default -> own.getEnded() ? InetState.Phase.ENDED : InetState.Phase.OPEN;
        };
    boolean peer =
        socket.getState() == SocketEntries.CONNECTED
            || socket.getState() == SocketEntries.ABANDONED;
    List<InetState.Arrival> queue = new ArrayList<>();
    byte[] arrived = tree.streams().get(socket.getId());
    if (arrived != null && arrived.length > 0) {
      queue.add(new InetState.Arrival(arrived, null, List.of()));
    }
    for (UnixImages.Packet packet : tree.packets().getOrDefault(socket.getId(), List.of())) {
      queue.add(arrival(packet));
    }
    return new FileState.Inet(
        new InetState(
            socket.getFamily(),
            socket.getType(),
            socket.getProto(),
            phase,
            socket.getBacklog(),
            source(socket),
            peer ? destination(socket) : null,
            (socket.getShutdown() & SocketEntries.READ_SHUT) != 0,
            (socket.getShutdown() & SocketEntries.WRITE_SHUT) != 0,
            own.getError(),
            SocketEntries.receiveTimeout(socket.getOpts()),
            SocketEntries.sendTimeout(socket.getOpts()),
            own.getOptionList().stream()
                .map(o ->
                    new InetState.Option(o.getLevel(), o.getOption(), o.getValue().toByteArray()))
                .toList(),
            List.of(),
            queue),
        socket.getFlags());
  }

  private static InetState.Arrival arrival(UnixImages.Packet packet) {
    VestibulePacket own = packet.entry().message().getVestibule();
    List<Message.Control> controls =
        own.getControlList().stream()
            .map(c -> new Message.Control(c.getLevel(), c.getType(), c.getData().toByteArray()))
            .toList();
    byte[] from = own.getAddress().isEmpty() ? null : own.getAddress().toByteArray();
    return new InetState.Arrival(packet.bytes(), from, controls);
  }

  /** Opens a socket, and the other end of its connection along with it. */
  static Map<Integer, OpenFile> open(Entry<FileEntry> entry, FrozenTree tree, Task task)
      throws FreezeRefusal {
    FileState.Inet state = state(entry, tree);
    Entry<FileEntry> other = tree.connections().get(entry.message().getId());
    if (other == null) {
      return Map.of(entry.message().getId(), InetThaw.open(task, state));
    }
    InetSocket[] ends = InetThaw.connection(task, state, state(other, tree));
    return Map.of(entry.message().getId(), ends[0], other.message().getId(), ends[1]);
  }

  /** Gives listeners the connections that nobody has accepted. */
  static void link(FrozenTree tree, UnixImages.Opener opener) throws FreezeRefusal {
    for (Entry<FileEntry> entry : tree.files().values()) {
      if (entry.message().getType() != FdType.INETSK) {
        continue;
      }
      List<Integer> pending = entry.message().getIsk().getVestibule().getPendingList();
      List<InetSocket> connections = new ArrayList<>();
      for (int id : pending) {
        connections.add((InetSocket) opener.open(id));
      }
      if (!pending.isEmpty()) {
        ((InetSocket) opener.open(entry.message().getId())).link(connections);
      }
    }
  }
}
