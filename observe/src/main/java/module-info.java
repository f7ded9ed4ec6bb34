/** Ways to watch a running machine. */
@org.jspecify.annotations.NullMarked
module dev.vestibule.observe {
  requires transitive dev.vestibule.kernel;
  requires static org.jspecify;

  exports dev.vestibule.observe;
  exports dev.vestibule.observe.gdb;
  exports dev.vestibule.observe.startup;
}
