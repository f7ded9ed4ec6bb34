/**
 * Annotations that declare an instruction or a system call in one place, and the processor that
 * turns them into tables.
 */
@org.jspecify.annotations.NullMarked
module dev.vestibule.declare {
  requires java.compiler;
  requires static org.jspecify;

  exports dev.vestibule.declare;
}
