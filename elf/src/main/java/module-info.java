/** ELF and DWARF call-frame data: read, write, verify. */
@org.jspecify.annotations.NullMarked
module dev.vestibule.elf {
  requires static org.jspecify;

  exports dev.vestibule.elf;
  exports dev.vestibule.elf.cfi;
}
