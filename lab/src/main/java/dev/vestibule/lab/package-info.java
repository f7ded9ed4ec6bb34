/** Root of the module. */
package dev.vestibule.lab;
