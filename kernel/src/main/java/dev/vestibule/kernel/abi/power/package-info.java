/** The three Power ABIs. */
package dev.vestibule.kernel.abi.power;
