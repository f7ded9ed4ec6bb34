/** Guest memory, guest threads' registers, and running a guest until it needs the kernel. */
package dev.vestibule.cpu;
