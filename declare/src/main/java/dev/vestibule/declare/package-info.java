/** Root of the module. */
package dev.vestibule.declare;
