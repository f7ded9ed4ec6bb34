/**
 * DWARF call-frame information: write, read, print and evaluate the tables by which unwinders find
 * a caller's registers. Input is hostile; every length is checked and every evaluation is bounded.
 *
 * <p>Sources: DWARF 5 sections 2.5, 6.4 and 7; LSB core specification, chapter on .eh_frame.
 */
package dev.vestibule.elf.cfi;
