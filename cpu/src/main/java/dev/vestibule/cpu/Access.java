package dev.vestibule.cpu;

/** What did the guest try to do at an address? */
public enum Access {
  LOAD,
  STORE,
  FETCH
}
