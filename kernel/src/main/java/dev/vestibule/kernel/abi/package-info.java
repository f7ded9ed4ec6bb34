/** What differs between guest architectures. */
package dev.vestibule.kernel.abi;
