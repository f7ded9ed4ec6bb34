/** Kernel profiles: what a guest can observe of one kernel era, as data. */
@org.jspecify.annotations.NullMarked
@SuppressWarnings("module") // the lab is compiled later
module dev.vestibule.profile {
  requires transitive dev.vestibule.elf;
  requires org.tomlj;
  requires static org.jspecify;

  exports dev.vestibule.profile;
  exports dev.vestibule.profile.source to
      dev.vestibule.lab;
}
