package dev.vestibule.observe.gdb;

/** What is wrong with a packet? The client is answered with an error. */
final class PacketException extends RuntimeException {
  private static final long serialVersionUID = 1;

  PacketException(String message) {
    super(message, null, false, false);
  }
}
