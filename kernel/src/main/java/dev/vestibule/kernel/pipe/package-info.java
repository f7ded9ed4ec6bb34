/** Pipes and FIFOs. */
package dev.vestibule.kernel.pipe;
