/** The one narrow door to the host: raw memory and system calls. */
@org.jspecify.annotations.NullMarked
module dev.vestibule.host {
  requires static org.jspecify;

  exports dev.vestibule.host;
}
