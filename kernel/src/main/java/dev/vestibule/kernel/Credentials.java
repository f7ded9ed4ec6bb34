package dev.vestibule.kernel;

import java.util.List;

/** On whose behalf does a task act? Immutable; ids as in credentials(7). */
public record Credentials(
    int uid,
    int euid,
    int suid,
    int fsuid,
    int gid,
    int egid,
    int sgid,
    int fsgid,
    List<Integer> groups) {

  /** One user and one group in all roles. */
  public static Credentials of(int uid, int gid) {
    return new Credentials(uid, uid, uid, uid, gid, gid, gid, gid, List.of(gid));
  }

  /** Whether the task may do what only root may; capabilities follow the effective user. */
  public boolean privileged() {
    return euid == 0;
  }

  public boolean inGroup(int group) {
    return fsgid == group || groups.contains(group);
  }
}
