/**
 * Executable and Linkable Format: read program files and shared objects, build vDSO images, verify
 * them. Every file is treated as hostile: each length and offset is checked, each loop is bounded.
 *
 * <p>Sources: System V gABI (Edition 4.1 with the 2013 draft's extensions), the Linux elf(5) page,
 * the LSB core specification for symbol versions and notes.
 */
package dev.vestibule.elf;
