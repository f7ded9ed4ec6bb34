/** Devices: /dev. */
package dev.vestibule.kernel.device;
