/** Declarations that stand in one place, and the processor that makes tables of them. */
package dev.vestibule.declare;
