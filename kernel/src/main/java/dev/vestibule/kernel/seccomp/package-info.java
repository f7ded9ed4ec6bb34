/** Filters of system calls: seccomp(2). */
@NullMarked
package dev.vestibule.kernel.seccomp;

import org.jspecify.annotations.NullMarked;
