package dev.vestibule.checkpoint;

import com.google.protobuf.ByteString;
import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.schema.CoreEntry;
import dev.vestibule.checkpoint.schema.RestartEntry;
import dev.vestibule.checkpoint.schema.ThreadInfoPpc64;
import dev.vestibule.checkpoint.schema.UserPpc64FpstateEntry;
import dev.vestibule.checkpoint.schema.UserPpc64RegsEntry;
import dev.vestibule.checkpoint.schema.UserPpc64VrstateEntry;
import dev.vestibule.checkpoint.schema.UserPpc64VsxstateEntry;
import dev.vestibule.checkpoint.schema.VestibuleThread;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Resumable;
import dev.vestibule.kernel.Syscalls;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.abi.Struct;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How do a Power thread's registers stand in a core image? As ptrace(2)'s sets have them, cut into
 * the fields of CRIU. A system call that was interrupted is shown about to begin anew, which is
 * what CRIU makes of it; that it was interrupted stands in an entry of ours, so that a handler
 * without SA_RESTART still finds EINTR.
 */
final class PowerRegisters {
  private static final int GENERAL = 1;
  private static final int FLOATS = 2;
  private static final int VMX = 0x100;
  private static final int VSX = 0x102;
  private static final int TAR = 0x103;
  private static final int PPR = 0x104;
  private static final int DSCR = 0x105;

  private static final int NIP = 32;
  private static final int MSR = 33;
  private static final int ORIG_R3 = 34;
  private static final int CTR = 35;
  private static final int LINK = 36;
  private static final int XER = 37;
  private static final int CCR = 38;
  private static final int TRAP = 40;
  private static final int WORDS = 48;
  private static final int SYSCALL = 0xc00;

  /** The bit of CR0 that tells of a failed call. */
  private static final long SUMMARY_OVERFLOW = 0x1000_0000;

  private PowerRegisters() {}

  // ---- saving -----------------------------------------------------------------------------------

  static void save(Task task, CoreEntry.Builder core) {
    GuestAbi abi = task.abi();
    int word = abi.wordSize();
    Struct general = set(task, GENERAL);
    Syscalls.Interrupted interrupted = task.calls().interrupted();
    UserPpc64RegsEntry.Builder registers = UserPpc64RegsEntry.newBuilder();
    for (int n = 0; n < 32; n++) {
      registers.addGpr(general.word(n * word));
    }
    registers
        .setNip(general.word(NIP * word))
        .setMsr(general.word(MSR * word))
        .setOrigGpr3(general.word(ORIG_R3 * word))
        .setCtr(general.word(CTR * word))
        .setLink(general.word(LINK * word))
        .setXer(general.word(XER * word))
        .setCcr(general.word(CCR * word))
        .setTrap(general.word(TRAP * word));
    VestibuleThread.Builder own = core.getVestibuleBuilder();
    if (interrupted.errno() != 0) {
      own.setInterrupted(interrupted.errno());
      registers
          .setNip(registers.getNip() - 4)
          .setGpr(3, interrupted.firstArgument())
          .setCcr(registers.getCcr() & ~SUMMARY_OVERFLOW)
          .setTrap(0);
      if (interrupted.errno() == Errno.ERESTART_RESTARTBLOCK) {
        registers.setGpr(0, 0); // restart_syscall(2)
      }
    }
    Syscalls.Rest rest = interrupted.rest();
    if (rest != null) {
      own.setRestart(
          RestartEntry.newBuilder().setCall(rest.call().name()).addAllWords(rest.words()));
    }
    ThreadInfoPpc64.Builder info =
        ThreadInfoPpc64.newBuilder().setClearTidAddr(task.clearChildTid()).setGpregs(registers);
    saveFloats(task, info);
    saveVectors(task, abi.bigEndian(), info);
    if (abi.wide()) {
      own.setTar(set(task, TAR).i64(0)).setPpr(set(task, PPR).i64(0));
      own.setDscr(set(task, DSCR).i64(0));
    }
    own.setFloatTraps(abi.floatTraps(task));
    core.setTiPpc64(info);
  }

  private static Struct set(Task task, int note) {
    return Objects.requireNonNull(task.abi().registerSet(task, note));
  }

  private static void saveFloats(Task task, ThreadInfoPpc64.Builder info) {
    Struct floats = set(task, FLOATS);
    UserPpc64FpstateEntry.Builder entry = UserPpc64FpstateEntry.newBuilder();
    for (int n = 0; n < 33; n++) {
      entry.addFpregs(floats.i64(8 * n));
    }
    Struct halves = set(task, VSX);
    UserPpc64VsxstateEntry.Builder vsx = UserPpc64VsxstateEntry.newBuilder();
    for (int n = 0; n < 32; n++) {
      vsx.addVsxregs(halves.i64(8 * n));
    }
    info.setFpstate(entry).setVsxstate(vsx);
  }

  /** High halves first, whichever way round they lie in memory. */
  private static void saveVectors(Task task, boolean big, ThreadInfoPpc64.Builder info) {
    Struct vectors = set(task, VMX);
    UserPpc64VrstateEntry.Builder entry = UserPpc64VrstateEntry.newBuilder();
    for (int n = 0; n < 33; n++) {
      long first = vectors.i64(16 * n);
      long second = vectors.i64(16 * n + 8);
      entry.addVrregs(big ? first : second).addVrregs(big ? second : first);
    }
    info.setVrstate(entry.setVrsave(vectors.i32(528)));
  }

  // ---- restoring --------------------------------------------------------------------------------

  /** Complains of registers that are not there, or not all. */
  static void check(Entry<CoreEntry> entry) throws ImageException {
    CoreEntry core = entry.message();
    entry.check(core.hasTiPpc64(), "ti_ppc64", "is missing");
    ThreadInfoPpc64 info = core.getTiPpc64();
    count(entry, "ti_ppc64.gpregs.gpr", info.getGpregs().getGprCount(), 32);
    if (info.hasFpstate()) {
      count(entry, "ti_ppc64.fpstate.fpregs", info.getFpstate().getFpregsCount(), 33);
    }
    if (info.hasVrstate()) {
      count(entry, "ti_ppc64.vrstate.vrregs", info.getVrstate().getVrregsCount(), 66);
    }
    if (info.hasVsxstate()) {
      count(entry, "ti_ppc64.vsxstate.vsxregs", info.getVsxstate().getVsxregsCount(), 32);
    }
    VestibuleThread own = core.getVestibule();
    int errno = own.getInterrupted();
    entry.check(
        errno == 0 || errno >= Errno.ERESTARTSYS && errno <= Errno.ERESTART_RESTARTBLOCK,
        "vestibule.interrupted",
        errno + " is no reason to restart a call");
    if (own.hasRestart()) {
      Resumable call = resumable(own.getRestart());
      entry.check(
          call != null && call.count() == own.getRestart().getWordsCount(),
          "vestibule.restart",
          "no call goes on like that");
    }
  }

  private static void count(Entry<CoreEntry> entry, String field, int found, int wanted)
      throws ImageException {
    entry.check(found == wanted, field, found + " registers, not " + wanted);
  }

  private static @Nullable Resumable resumable(RestartEntry restart) {
    for (Resumable call : Resumable.values()) {
      if (call.name().equals(restart.getCall())) {
        return call;
      }
    }
    return null;
  }

  /** Sets the registers of a task that has not started; the entry was checked. */
  static void restore(CoreEntry core, Task task) {
    GuestAbi abi = task.abi();
    int word = abi.wordSize();
    ThreadInfoPpc64 info = core.getTiPpc64();
    UserPpc64RegsEntry registers = info.getGpregs();
    VestibuleThread own = core.getVestibule();
    Struct general = abi.struct(WORDS * word);
    for (int n = 0; n < 32; n++) {
      general.putWord(n * word, registers.getGpr(n));
    }
    int errno = own.getInterrupted();
    general.putWord(NIP * word, registers.getNip() + (errno != 0 ? 4 : 0));
    general.putWord(ORIG_R3 * word, registers.getOrigGpr3());
    general.putWord(CTR * word, registers.getCtr());
    general.putWord(LINK * word, registers.getLink());
    general.putWord(XER * word, registers.getXer());
    general.putWord(CCR * word, registers.getCcr());
    general.putWord(TRAP * word, errno != 0 ? SYSCALL : registers.getTrap());
    abi.setRegisterSet(task, GENERAL, general);
    if (errno != 0) {
      abi.setResult(task.cpu(), -errno);
    }
    RestartEntry restart = own.getRestart();
    Resumable call = own.hasRestart() ? resumable(restart) : null;
    Syscalls.Rest rest = call == null ? null : new Syscalls.Rest(call, restart.getWordsList());
    task.calls().restore(new Syscalls.Interrupted(errno, registers.getGpr(3), rest));
    restoreFloats(info, task);
    restoreVectors(info, task);
    if (abi.wide()) {
      abi.setRegisterSet(task, TAR, abi.struct(8).put64(0, own.getTar()));
      abi.setRegisterSet(task, PPR, abi.struct(8).put64(0, own.getPpr()));
      abi.setRegisterSet(task, DSCR, abi.struct(8).put64(0, own.getDscr()));
    }
    abi.setFloatTraps(task, own.getFloatTraps());
  }

  private static void restoreFloats(ThreadInfoPpc64 info, Task task) {
    GuestAbi abi = task.abi();
    if (info.hasFpstate()) {
      abi.setRegisterSet(task, FLOATS, words(abi, info.getFpstate().getFpregsList()));
    }
    if (info.hasVsxstate()) {
      abi.setRegisterSet(task, VSX, words(abi, info.getVsxstate().getVsxregsList()));
    }
  }

  private static Struct words(GuestAbi abi, List<Long> words) {
    Struct s = abi.struct(8 * words.size());
    for (int n = 0; n < words.size(); n++) {
      s.put64(8 * n, words.get(n));
    }
    return s;
  }

  private static void restoreVectors(ThreadInfoPpc64 info, Task task) {
    if (!info.hasVrstate()) {
      return;
    }
    GuestAbi abi = task.abi();
    boolean big = abi.bigEndian();
    Struct s = abi.struct(34 * 16);
    for (int n = 0; n < 33; n++) {
      long high = info.getVrstate().getVrregs(2 * n);
      long low = info.getVrstate().getVrregs(2 * n + 1);
      s.put64(16 * n, big ? high : low).put64(16 * n + 8, big ? low : high);
    }
    s.put32(528, info.getVrstate().getVrsave());
    abi.setRegisterSet(task, VMX, s);
  }

  /** A signal's information in the program's own layout. */
  static ByteString bytes(Struct s) {
    return ByteString.copyFrom(s.bytes());
  }
}
