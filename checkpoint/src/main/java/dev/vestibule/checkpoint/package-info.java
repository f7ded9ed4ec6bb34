/** Freeze and thaw: a tree of processes as a directory of images, and back. */
package dev.vestibule.checkpoint;
