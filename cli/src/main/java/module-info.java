/** The vestibule command. */
@org.jspecify.annotations.NullMarked
module dev.vestibule.cli {
  requires dev.vestibule.checkpoint;
  requires dev.vestibule.lab;
  requires dev.vestibule.inspect;
  requires info.picocli;
  requires static org.jspecify;

  exports dev.vestibule.cli;

  opens dev.vestibule.cli to
      info.picocli;
  opens dev.vestibule.cli.sysroot to
      info.picocli;
  opens dev.vestibule.cli.vdso to
      info.picocli;
}
