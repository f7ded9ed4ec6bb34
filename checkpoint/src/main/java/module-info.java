/** Freeze, thaw, and CRIU's images. */
@org.jspecify.annotations.NullMarked
module dev.vestibule.checkpoint {
  requires transitive dev.vestibule.kernel;
  requires com.google.protobuf;
  requires static org.jspecify;

  exports dev.vestibule.checkpoint;
  exports dev.vestibule.checkpoint.show;

  // Its messages name their missing fields by reflection.
  opens dev.vestibule.checkpoint.schema to
      com.google.protobuf;
}
