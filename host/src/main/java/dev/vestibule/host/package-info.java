/** The one narrow door to the host: raw memory and Linux system calls, without JNI. */
package dev.vestibule.host;
