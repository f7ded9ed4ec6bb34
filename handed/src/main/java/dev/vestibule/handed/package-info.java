/** The handed pages: images, data pages, where they go, and the time they tell. */
package dev.vestibule.handed;
