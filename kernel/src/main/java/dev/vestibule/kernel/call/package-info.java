/** The system calls themselves, grouped by noun. */
package dev.vestibule.kernel.call;
