/** Programs x profiles, compared with what is expected. */
@org.jspecify.annotations.NullMarked
module dev.vestibule.lab {
  requires transitive dev.vestibule.observe;
  requires static org.jspecify;

  exports dev.vestibule.lab;
}
