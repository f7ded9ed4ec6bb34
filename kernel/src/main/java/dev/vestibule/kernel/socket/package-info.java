/** Sockets: those of the machine's own (AF_UNIX) and those of the host (AF_INET, AF_INET6). */
package dev.vestibule.kernel.socket;
