/** Open files and descriptors. */
package dev.vestibule.kernel.file;
