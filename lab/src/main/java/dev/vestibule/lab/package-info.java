/** Running programs under kernel profiles, and comparing what they make of them. */
package dev.vestibule.lab;
