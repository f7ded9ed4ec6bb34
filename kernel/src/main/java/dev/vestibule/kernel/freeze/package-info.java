/** Holding a machine's tasks still, and making tasks of what was saved of others. */
package dev.vestibule.kernel.freeze;
