/** Futexes. */
package dev.vestibule.kernel.futex;
