package dev.vestibule.kernel.memory;

/**
 * The pages of which kernel lie in a process, and where?
 *
 * @param kernel the profile's name
 * @param vdso address of the image's ELF header; 0 if that kernel believes there is none
 * @param start of the first area
 * @param end behind the last one
 * @param current whether the running kernel uses them; others are what was kept of a kernel that
 *     the process was frozen under
 */
public record HandedSet(String kernel, long vdso, long start, long end, boolean current) {}
