package dev.vestibule.kernel.memory;

import dev.vestibule.profile.KernelProfile;

/**
 * Where do the parts of a process go? Addresses and sizes in bytes.
 *
 * @param taskSize first address beyond the address space
 * @param stackTop where the stack begins
 * @param searchFrom where the search for room begins
 * @param topDown direction of the search
 * @param minAddress lowest address that can be mapped
 * @param pieBase where position-independent programs go
 * @param handed what a program's calls do to the handed pages
 */
public record Layout(
    int pageSize,
    long taskSize,
    long stackTop,
    long searchFrom,
    boolean topDown,
    long minAddress,
    long pieBase,
    KernelProfile.Mapping handed) {}
