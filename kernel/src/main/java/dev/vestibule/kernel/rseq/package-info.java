/** Restartable sequences: what is registered, and who has registered it. */
package dev.vestibule.kernel.rseq;
