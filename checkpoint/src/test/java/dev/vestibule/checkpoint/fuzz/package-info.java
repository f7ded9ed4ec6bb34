/** Images that somebody has tampered with. */
@org.jspecify.annotations.NullMarked
package dev.vestibule.checkpoint.fuzz;
