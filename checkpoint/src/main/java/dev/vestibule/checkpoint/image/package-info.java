/** Files of CRIU's format: framing, entries, bounds. */
package dev.vestibule.checkpoint.image;
