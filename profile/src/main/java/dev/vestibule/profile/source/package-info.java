/** How profile files become trees: TOML text, inheritance, and a compact form that loads fast. */
package dev.vestibule.profile.source;
