/** Kernel profiles: data files, the records they load into, and how to find them by name. */
package dev.vestibule.profile;
