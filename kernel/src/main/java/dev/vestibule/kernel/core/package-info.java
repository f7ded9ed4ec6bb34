/** What a process leaves behind when a signal kills it: core(5). */
package dev.vestibule.kernel.core;
