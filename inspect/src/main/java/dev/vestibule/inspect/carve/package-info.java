/** Finding images inside kernels and packages. */
package dev.vestibule.inspect.carve;
