/** Guest memory, instruction sets, micro-operations and their executors. */
@org.jspecify.annotations.NullMarked
module dev.vestibule.cpu {
  requires static dev.vestibule.declare;
  requires transitive dev.vestibule.host;
  requires transitive dev.vestibule.elf;
  requires static org.jspecify;

  exports dev.vestibule.cpu;
  exports dev.vestibule.cpu.power;
  exports dev.vestibule.cpu.fp;
}
