/** Starting programs. */
package dev.vestibule.kernel.exec;
