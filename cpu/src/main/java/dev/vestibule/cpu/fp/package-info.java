/**
 * IEEE 754 arithmetic as Power defines it: exact results, every FPSCR bit, on raw bits and
 * independent of the host. Numbers travel as {@code long} (double format) and {@code int} (single
 * format); section numbers in this package refer to Power ISA 2.07, Book I.
 */
@NullMarked
package dev.vestibule.cpu.fp;

import org.jspecify.annotations.NullMarked;
