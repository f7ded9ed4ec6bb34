/** The pages a kernel hands to every process. */
@org.jspecify.annotations.NullMarked
module dev.vestibule.handed {
  requires transitive dev.vestibule.profile;
  requires transitive dev.vestibule.cpu;
  requires static org.jspecify;

  exports dev.vestibule.handed;
}
