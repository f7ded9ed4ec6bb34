/** What images say, whoever wrote them. */
package dev.vestibule.checkpoint.show;
