package dev.vestibule.kernel.rseq;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Which object has called rseq(2), and what is it to the program?
 *
 * @param object null where the code lies in no file's mapping
 * @param address where in it, behind a function that makes system calls for others
 */
public record Registrant(Role role, @Nullable MappedObject object, long address) {
  /** What an object is to a program. */
  public enum Role {
    /**
     * The loader, the C library it has loaded for the program, or what of it a program contains.
     */
    LIBC,
    /** A C library besides: of an audit module, of dlmopen(3), in a static program. */
    NESTED_LIBC,
    /** Named by LD_PRELOAD. */
    PRELOAD,
    /** Named by LD_AUDIT. */
    AUDIT,
    /** In another namespace of the loader. */
    OTHER_NAMESPACE,
    PROGRAM,
    LIBRARY,
    /** Code that comes from no file, or whose file is mapped no longer. */
    UNKNOWN;

    /** For people. */
    public String label() {
      return switch (this) {
        case LIBC -> "C library";
        case NESTED_LIBC -> "nested C library";
        case OTHER_NAMESPACE -> "object of another namespace";
        case PRELOAD, AUDIT, PROGRAM, LIBRARY, UNKNOWN -> name().toLowerCase(Locale.ROOT);
      };
    }
  }

  /** File name, or what there is instead. */
  public String name() {
    return object == null ? "code without a file" : object.name();
  }

  /** Path of the file, or what there is instead. */
  public String path() {
    return object == null ? "code without a file" : object.path();
  }

  /** Whether it is part of a C library. */
  boolean libc() {
    return role == Role.LIBC || role == Role.NESTED_LIBC;
  }
}
