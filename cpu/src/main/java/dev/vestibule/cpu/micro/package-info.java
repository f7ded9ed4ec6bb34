/** Micro-operations: what instructions mean, in the form every executor runs. */
package dev.vestibule.cpu.micro;
