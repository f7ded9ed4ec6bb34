/** The executor that emits machine code for x86-64 hosts. */
package dev.vestibule.cpu.x86;
