/** Time as guests see it. */
package dev.vestibule.kernel.time;
