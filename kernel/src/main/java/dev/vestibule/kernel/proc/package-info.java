/** The synthetic file systems: /proc, /sys. */
package dev.vestibule.kernel.proc;
