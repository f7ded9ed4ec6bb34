/** The Power instruction sets: ppc, ppc64 and ppc64le at POWER8 user level. */
package dev.vestibule.cpu.power;
