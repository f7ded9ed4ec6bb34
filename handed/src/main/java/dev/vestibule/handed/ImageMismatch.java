package dev.vestibule.handed;

import dev.vestibule.elf.ElfException;

/** Why can a kernel not hand out this image? The message is one line that names the image. */
public final class ImageMismatch extends Exception {
  private static final long serialVersionUID = 1;

  /**
   * @param image the name the user knows the image by
   * @param problem what does not fit, in a few words
   */
  ImageMismatch(String image, String problem) {
    super(ElfException.oneLine(image) + ": " + ElfException.oneLine(problem));
  }

  /** The message; there always is one. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
