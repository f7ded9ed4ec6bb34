package dev.vestibule.kernel.rseq;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Who may register areas for restartable sequences, as far as the machine arbitrates? To everybody
 * else it is a kernel without rseq(2).
 *
 * @param name the object of {@link Kind#NAMED}: its DT_SONAME, file name or path; else empty
 */
public record RseqOwner(Kind kind, String name) {
  /** Who? */
  public enum Kind {
    /** Whoever comes first, as with Linux. */
    AUTO,
    /** The C library and its loader. */
    LIBC,
    /** Objects of LD_PRELOAD. */
    PRELOAD,
    /** One object. */
    NAMED,
    /** Nobody: the kernel has no rseq(2) at all. */
    NONE
  }

  public static final RseqOwner AUTO = new RseqOwner(Kind.AUTO, "");
  public static final RseqOwner NONE = new RseqOwner(Kind.NONE, "");

  /**
   * What a word on a command line means: a kind's name, or else an object's, which is known by a
   * path or by the ".so" in its name.
   *
   * @return null if it is neither
   */
  public static @Nullable RseqOwner of(String word) {
    for (Kind kind : Kind.values()) {
      if (kind != Kind.NAMED && kind.name().toLowerCase(Locale.ROOT).equals(word)) {
        return new RseqOwner(kind, "");
      }
    }
    boolean object = word.contains(".so") || word.startsWith("/");
    return object ? new RseqOwner(Kind.NAMED, word) : null;
  }

  /** Whether one who asks may register. */
  boolean admits(Registrant who) {
    return switch (kind) {
      case AUTO -> true;
      case LIBC -> who.role() == Registrant.Role.LIBC;
      case PRELOAD -> who.role() == Registrant.Role.PRELOAD;
      case NAMED -> who.object() != null && who.object().named(name);
      case NONE -> false;
    };
  }

  /** As on the command line. */
  @Override
  public String toString() {
    return kind == Kind.NAMED ? name : kind.name().toLowerCase(Locale.ROOT);
  }
}
