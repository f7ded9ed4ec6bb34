/** Terminals: line discipline, job control, pseudo-terminals, the host's terminal. */
package dev.vestibule.kernel.tty;
