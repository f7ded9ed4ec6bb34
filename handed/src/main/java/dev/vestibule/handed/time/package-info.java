/** The arithmetic by which kernels of different eras make time from a counter. */
package dev.vestibule.handed.time;
