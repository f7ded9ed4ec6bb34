/** Waiting: queues, and sleeping on them. */
package dev.vestibule.kernel.wait;
