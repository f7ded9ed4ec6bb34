/** Address spaces. */
package dev.vestibule.kernel.memory;
