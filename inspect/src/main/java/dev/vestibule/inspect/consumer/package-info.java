/** What programs insist on when they look for a vDSO, as code. */
package dev.vestibule.inspect.consumer;
