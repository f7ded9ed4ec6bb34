/** System calls as strace(1) prints them. */
@org.jspecify.annotations.NullMarked
package dev.vestibule.observe.strace;
