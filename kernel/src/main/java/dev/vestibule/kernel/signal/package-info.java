/** Signals: numbers, queues, dispositions, delivery. */
package dev.vestibule.kernel.signal;
