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
  private int flags;

  public Message(IoVector data) {
    this.data = data;
  }

  /** Who sent a message, as SCM_CREDENTIALS tells. */
  public record Sender(int pid, int uid, int gid) {}

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

  /** MSG_TRUNC and others, told to the receiver. */
  public int flags() {
    return flags;
  }

  public void addFlag(int flag) {
    flags |= flag;
  }
}
