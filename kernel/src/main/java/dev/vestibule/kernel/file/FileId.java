package dev.vestibule.kernel.file;

/** Is this the same file, however it was named and opened? Device and inode number of the host. */
public record FileId(long device, long inode) {}
