/** The symbols of Power's vDSO images: code for our assembler and call-frame data. */
package dev.vestibule.handed.power;
