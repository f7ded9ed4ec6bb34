package dev.vestibule.elf.cfi;

/** How is one operand of a DWARF operation or call-frame instruction encoded? */
enum Operand {
  U1,
  S1,
  U2,
  S2,
  U4,
  S4,
  U8,
  S8,
  ULEB,
  SLEB,
  /** A register number as ULEB128. */
  REGISTER,
  /** An address of the file's word size, or in the CIE's pointer encoding. */
  ADDRESS,
  /** A signed two-byte distance from the end of the operation. */
  BRANCH,
  /** A ULEB128 length followed by that many bytes of DWARF operations. */
  BLOCK
}
