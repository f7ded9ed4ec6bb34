/** Looking into vDSO images and finding them. */
package dev.vestibule.inspect;
