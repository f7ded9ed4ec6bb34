/** Root of the module. */
package dev.vestibule.profile;
