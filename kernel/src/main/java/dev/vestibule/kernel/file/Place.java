package dev.vestibule.kernel.file;

import org.jspecify.annotations.Nullable;

/**
 * Where does a file name lead?
 *
 * @param mount the file system it is on
 * @param path its path below the mount point
 * @param name its absolute path as the machine sees it, without symbolic links
 * @param status null if nothing has that name yet
 * @param open an open file that the name leads to (a magic link to something without a name)
 */
public record Place(
    Mount mount, String path, String name, @Nullable FileStatus status, @Nullable OpenFile open) {

  public boolean exists() {
    return status != null;
  }

  public boolean isDirectory() {
    return status != null && status.isDirectory();
  }
}
