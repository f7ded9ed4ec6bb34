/** Builds a file tree of a foreign Debian architecture with the host's own package tools. */
package dev.vestibule.cli.sysroot;
