package dev.vestibule.kernel.socket;

import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.OpenFile;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What does one sendmsg(2) or recvmsg(2) carry beside its bytes? */
public final class Message {
  private final IoVector data;
  private byte @Nullable [] address;
  private List<OpenFile> files = List.of();
  private @Nullable Sender sender;
  private List<Control> controls = List.of();
  private boolean wantsControls;
  private int flags;

  public Message(IoVector data) {
    this.data = data;
  }

  /** Who sent a message, as SCM_CREDENTIALS tells. */
  public record Sender(int pid, int uid, int gid) {}

  /**
   * Ancillary data of a protocol.
   *
   * @param data as the host lays it out
   */
  public record Control(int level, int type, byte[] data) {}

  public IoVector data() {
    return data;
  }

  /** Where it goes, or where it came from; null if that is not said. */
  public byte @Nullable [] address() {
    return address;
  }

  public void setAddress(byte @Nullable [] value) {
    address = value;
  }

  /** SCM_RIGHTS: each retained for whoever takes the message. */
  public List<OpenFile> files() {
    return files;
  }

  public void setFiles(List<OpenFile> value) {
    files = value;
  }

  public @Nullable Sender sender() {
    return sender;
  }

  public void setSender(@Nullable Sender value) {
    sender = value;
  }

  /** Ancillary data beside files and credentials. */
  public List<Control> controls() {
    return controls;
  }

  public void setControls(List<Control> value) {
    controls = value;
  }

  /** Whether the receiver could be told of ancillary data at all. */
  public boolean wantsControls() {
    return wantsControls;
  }

  /** The receiver has a place for ancillary data, or at least for MSG_CTRUNC. */
  public void wantControls() {
    wantsControls = true;
  }

  /** MSG_TRUNC and others, told to the receiver. */
  public int flags() {
    return flags;
  }

  public void addFlag(int flag) {
    flags |= flag;
  }
}
