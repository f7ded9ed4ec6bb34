package dev.vestibule.elf;

/**
 * What does a linker call this part of the file? One entry of the section header table, which
 * loaders ignore: it may be missing or wrong.
 *
 * @param type SHT value
 * @param flags SHF values
 */
public record SectionHeader(
    String name,
    int type,
    long flags,
    long addr,
    long offset,
    long size,
    int link,
    int info,
    long addralign,
    long entsize) {}
