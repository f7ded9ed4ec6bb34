package dev.vestibule.kernel.tty;

import java.util.List;

/**
 * What must be known of a pseudo-terminal to have it again elsewhere?
 *
 * @param locked whether unlockpt(3) has yet to be called
 * @param packets whether the user's end reads packets (TIOCPKT)
 * @param opened whether its programs' end was ever open
 * @param session whose controlling terminal it is, 0 for none
 * @param foreground the process group that may read
 * @param literalNext whether the next byte typed is taken as it is
 * @param stopped whether output is held up by Ctrl-S
 * @param lines typed and not yet read; an empty one is an end of file
 * @param edited the line being typed
 * @param printed what the user's end has yet to read
 */
public record TtyState(
    int number,
    boolean locked,
    boolean packets,
    boolean opened,
    Termios termios,
    int rows,
    int columns,
    int session,
    int foreground,
    boolean literalNext,
    boolean stopped,
    List<byte[]> lines,
    byte[] edited,
    byte[] printed) {}
