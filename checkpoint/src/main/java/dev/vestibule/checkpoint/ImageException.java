package dev.vestibule.checkpoint;

import dev.vestibule.kernel.freeze.FreezeRefusal;

/** Why can a directory of images not be thawed? Names the file, the field and where it is. */
public final class ImageException extends Exception {
  private static final long serialVersionUID = 1;

  /**
   * @param file the file's name within its directory
   * @param field dotted path of the field, in the schema's names
   * @param offset bytes from the file's start to what is wrong, or to the entry that holds it
   */
  public ImageException(String file, String field, long offset, String problem) {
    super(
        FreezeRefusal.line(
            file + ": " + field + " at 0x" + Long.toHexString(offset) + ": " + problem));
  }

  /** The message as a string; there is always one. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
