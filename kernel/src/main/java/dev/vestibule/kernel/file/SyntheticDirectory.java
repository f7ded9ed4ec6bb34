package dev.vestibule.kernel.file;

import dev.vestibule.kernel.Task;
import java.util.ArrayList;
import java.util.List;

/** An open folder of a synthetic file system. */
final class SyntheticDirectory extends Directory {
  private final SyntheticMount mount;
  private final Synthetic.Folder folder;
  private final String path;

  SyntheticDirectory(SyntheticMount mount, Synthetic.Folder folder, String path, int flags) {
    super(flags);
    this.mount = mount;
    this.folder = folder;
    this.path = path;
  }

  @Override
  protected List<Entry> entries(Task task) {
    List<Entry> all = new ArrayList<>();
    all.add(new Entry(SyntheticMount.inode(path), DT_DIR, "."));
    all.add(new Entry(SyntheticMount.inode(path + "/.."), DT_DIR, ".."));
    for (String name : folder.names(task)) {
      Synthetic child = folder.child(task, name);
      if (child != null) {
        long inode = SyntheticMount.inode(path + "/" + name);
        all.add(new Entry(inode, child.mode() >>> 12, name));
      }
    }
    return all;
  }

  @Override
  public FileStatus status(Task task) {
    return mount.statusOf(task, folder, path);
  }

  @Override
  public String path() {
    return path;
  }
}
