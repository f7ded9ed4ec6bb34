package dev.vestibule.kernel.call;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.socket.Message;
import dev.vestibule.kernel.socket.Socket;
import dev.vestibule.kernel.socket.SocketNumbers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What does a struct msghdr of the guest say? Its fields, and the ancillary data it points to.
 *
 * @param at its address
 */
record MessageHeader(
    long at, long name, int nameLength, long vector, long count, long control, long controlLength) {
  private static final int ADDRESS_MAX = 128;
  private static final int SCM_RIGHTS = 1;
  private static final int SCM_CREDENTIALS = 2;
  private static final int SCM_MAX_FD = 253;
  private static final int CONTROL_MAX = 20_480;
  private static final int MSG_CMSG_CLOEXEC = 0x4000_0000;

  /** Bytes of the structure. */
  static int size(Task t) {
    return 7 * t.abi().wordSize();
  }

  static MessageHeader load(Task t, long at) {
    int word = t.abi().wordSize();
    Struct s = t.abi().struct(t.memory(), at, size(t));
    int nameLength = s.word(0) == 0 ? 0 : s.i32(word);
    if (nameLength < 0) {
      throw new Failure(Errno.EINVAL);
    }
    return new MessageHeader(
        at,
        s.word(0),
        Math.min(nameLength, ADDRESS_MAX),
        s.word(2 * word),
        s.word(3 * word),
        s.word(4 * word),
        s.word(5 * word));
  }

  private static int headerSize(Task t) {
    return t.abi().wordSize() + 8;
  }

  private static int aligned(Task t, long length) {
    int word = t.abi().wordSize();
    return (int) (length + word - 1) & -word;
  }

  /** Reads ancillary data into the message, which owns the files then. */
  void loadControl(Task t, Message message) {
    if (control == 0 || controlLength == 0) {
      return;
    }
    if (controlLength < 0 || controlLength > CONTROL_MAX) {
      throw new Failure(Errno.ENOBUFS);
    }
    int word = t.abi().wordSize();
    int header = headerSize(t);
    Struct s = t.abi().struct(t.memory(), control, (int) controlLength);
    int from = 0;
    while (from + header <= controlLength) {
      long length = s.word(from);
      if (length < header || length > controlLength - from) {
        throw new Failure(Errno.EINVAL);
      }
      int level = s.i32(from + word);
      int type = s.i32(from + word + 4);
      int data = (int) length - header;
      if (level != Socket.SOL_SOCKET) {
        loadOther(t, message, s, from + header, data, level, type);
      } else {
        switch (type) {
          case SCM_RIGHTS -> loadFiles(t, message, s, from + header, data / 4);
          case SCM_CREDENTIALS -> loadSender(t, message, s, from + header, data);
          default -> throw new Failure(Errno.EINVAL);
        }
      }
      from += aligned(t, length);
    }
  }

  private static void loadOther(
      Task t, Message message, Struct s, int from, int length, int level, int type) {
    byte[] data = Arrays.copyOfRange(s.bytes(), from, from + length);
    List<Message.Control> controls = new ArrayList<>(message.controls());
    data = SocketNumbers.controlToHost(t.abi(), level, type, data);
    controls.add(new Message.Control(level, type, data));
    message.setControls(controls);
  }

  private static void loadFiles(Task t, Message message, Struct s, int from, int count) {
    if (count > SCM_MAX_FD) {
      throw new Failure(Errno.EINVAL);
    }
    List<OpenFile> files = new ArrayList<>(message.files());
    message.setFiles(files);
    for (int i = 0; i < count; i++) {
      files.add(t.files().get(s.i32(from + 4 * i)));
    }
  }

  private static void loadSender(Task t, Message message, Struct s, int from, int length) {
    if (length < 12) {
      throw new Failure(Errno.EINVAL);
    }
    Message.Sender given = new Message.Sender(s.i32(from), s.i32(from + 4), s.i32(from + 8));
    boolean own =
        given.pid() == t.process().pid()
            && (given.uid() == t.credentials().uid() || given.uid() == t.credentials().euid());
    if (!own && !t.credentials().privileged()) {
      throw new Failure(Errno.EPERM);
    }
    message.setSender(given);
  }

  /** Writes what a received message brought: address, ancillary data, flags. */
  void store(Task t, Message message, byte @Nullable [] address, int callFlags) {
    int word = t.abi().wordSize();
    if (name != 0) {
      byte[] bytes = address == null ? new byte[0] : address;
      t.memory().write(name, bytes, 0, Math.min(nameLength, bytes.length));
      t.memory().store32(at + word, bytes.length);
    }
    int used = 0;
    Message.Sender sender = message.sender();
    if (sender != null) {
      Struct s = t.abi().struct(12);
      s.put32(0, sender.pid()).put32(4, sender.uid()).put32(8, sender.gid());
      used = storeControl(t, message, used, Socket.SOL_SOCKET, SCM_CREDENTIALS, s.bytes());
    }
    for (Message.Control each : message.controls()) {
      byte[] data = SocketNumbers.controlToGuest(t.abi(), each);
      used = storeControl(t, message, used, each.level(), each.type(), data);
    }
    if (!message.files().isEmpty()) {
      used = storeFiles(t, message, used, callFlags);
    }
    t.abi().storeWord(t.memory(), at + 5L * word, used);
    int cloexec = callFlags & MSG_CMSG_CLOEXEC;
    t.memory().store32(at + 6L * word, message.flags() | cloexec);
  }

  private int storeFiles(Task t, Message message, int used, int callFlags) {
    List<OpenFile> files = message.files();
    long room = Math.max(0, controlLength - used - headerSize(t)) / 4;
    int count = control == 0 ? 0 : (int) Math.min(room, files.size());
    List<Integer> fds = new ArrayList<>();
    for (int i = 0; i < files.size(); i++) {
      boolean cloexec = (callFlags & MSG_CMSG_CLOEXEC) != 0;
      if (i >= count) {
        files.get(i).release();
        message.addFlag(Socket.MSG_CTRUNC);
        continue;
      }
      long fd = Calling.install(t, files.get(i), 0, cloexec);
      if (fd < 0) {
        message.addFlag(Socket.MSG_CTRUNC);
      } else {
        fds.add((int) fd);
      }
    }
    message.setFiles(List.of());
    if (fds.isEmpty()) {
      return used;
    }
    Struct s = t.abi().struct(4 * fds.size());
    for (int i = 0; i < fds.size(); i++) {
      s.put32(4 * i, fds.get(i));
    }
    return storeControl(t, message, used, Socket.SOL_SOCKET, SCM_RIGHTS, s.bytes());
  }

  private int storeControl(Task t, Message message, int used, int level, int type, byte[] data) {
    int word = t.abi().wordSize();
    int header = headerSize(t);
    int length = header + data.length;
    if (control == 0 || used + header > controlLength) {
      message.addFlag(Socket.MSG_CTRUNC);
      return used;
    }
    int fits = (int) Math.min(length, controlLength - used);
    if (fits < length) {
      message.addFlag(Socket.MSG_CTRUNC);
    }
    long to = control + used;
    t.abi().storeWord(t.memory(), to, fits);
    t.memory().store32(to + word, level);
    t.memory().store32(to + word + 4, type);
    t.memory().write(to + header, data, 0, fits - header);
    return (int) Math.min(controlLength, used + aligned(t, fits));
  }
}
