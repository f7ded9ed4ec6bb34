package dev.vestibule.kernel.core;

import dev.vestibule.kernel.CpuTime;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.Backing;
import dev.vestibule.kernel.memory.Vma;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.SigInfoLayout;
import dev.vestibule.kernel.trace.TracedMemory;
import dev.vestibule.profile.Version;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What do a core file's notes say of a process? Layouts of linux/elfcore.h, numbers of linux/elf.h,
 * order of fs/binfmt_elf.c.
 */
final class CoreNotes {
  private static final int NT_PRSTATUS = 1;
  private static final int NT_FPREGSET = 2;
  private static final int NT_PRPSINFO = 3;
  private static final int NT_AUXV = 6;
  private static final int NT_SIGINFO = 0x53494749;
  private static final int NT_FILE = 0x46494c45;
  private static final int NT_PPC_VMX = 0x100;
  private static final int NT_PPC_VSX = 0x102;

  /** Linux 3.7 has NT_SIGINFO and NT_FILE. */
  private static final Version SIGINFO_AND_FILES = new Version(3, 7, 0);

  /** Register sets have 48 words in pr_reg. */
  private static final int REGISTERS = 48;

  private static final int ARGUMENTS = 80;
  private static final int NAME = 16;

  /** What is told of one thread; taken while it holds still. */
  record OfThread(byte[] status, byte[] others) {}

  private final GuestAbi abi;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private CoreNotes(GuestAbi abi) {
    this.abi = abi;
  }

  /** The notes of one thread. */
  static OfThread of(Task task, SigInfo cause) {
    CoreNotes status = new CoreNotes(task.abi());
    status.note("CORE", NT_PRSTATUS, status.prstatus(task, cause));
    CoreNotes others = new CoreNotes(task.abi());
    for (int set : new int[] {NT_FPREGSET, NT_PPC_VMX, NT_PPC_VSX}) {
      Struct registers = task.abi().registerSet(task, set);
      if (registers != null) {
        others.note(set == NT_FPREGSET ? "CORE" : "LINUX", set, registers.bytes());
      }
    }
    return new OfThread(status.out.toByteArray(), others.out.toByteArray());
  }

  /**
   * All notes of a process.
   *
   * @param first the thread that took the signal
   */
  static byte[] of(Task first, SigInfo cause, List<OfThread> threads, List<Vma> mappings) {
    Process process = first.process();
    CoreNotes notes = new CoreNotes(first.abi());
    notes.out.writeBytes(threads.get(0).status);
    notes.note("CORE", NT_PRPSINFO, notes.prpsinfo(first));
    boolean modern = process.machine().profile().uname().linux().atLeast(SIGINFO_AND_FILES);
    if (modern) {
      notes.note("CORE", NT_SIGINFO, SigInfoLayout.build(first.abi(), cause).bytes());
    }
    AddressSpace.Startup startup = first.space().startup();
    notes.note("CORE", NT_AUXV, guest(first.space(), startup.auxv(), startup.auxvLength()));
    if (modern) {
      notes.note("CORE", NT_FILE, notes.files(mappings, first.space().layout().pageSize()));
    }
    notes.out.writeBytes(threads.get(0).others);
    for (OfThread other : threads.subList(1, threads.size())) {
      notes.out.writeBytes(other.status);
      notes.out.writeBytes(other.others);
    }
    return notes.out.toByteArray();
  }

  private void note(String name, int type, byte[] content) {
    Struct header = abi.struct(20);
    header.put32(0, name.length() + 1).put32(4, content.length).put32(8, type);
    for (int i = 0; i < name.length(); i++) {
      header.put8(12 + i, name.charAt(i));
    }
    out.writeBytes(header.bytes());
    out.writeBytes(content);
    out.writeBytes(new byte[-content.length & 3]);
  }

  private byte[] prstatus(Task task, SigInfo cause) {
    int word = abi.wordSize();
    int identity = 16 + 2 * word;
    int times = identity + 16;
    int registers = times + 8 * word;
    Struct s = abi.struct(registers + REGISTERS * word + word);
    s.put32(0, cause.signal()).put32(4, cause.code()).put16(12, cause.signal());
    s.putWord(16, task.signals().pending().set());
    s.putWord(16 + word, task.signals().blocked());
    identity(s, identity, task);
    times(s, times, task.cpuTime(), word);
    times(s, times + 4 * word, task.process().childrenTime(), word);
    Struct general = abi.registerSet(task, NT_PRSTATUS);
    if (general != null) {
      System.arraycopy(general.bytes(), 0, s.bytes(), registers, REGISTERS * word);
    }
    s.put32(registers + REGISTERS * word, 1);
    return s.bytes();
  }

  /** User and system time. */
  private static void times(Struct s, int at, CpuTime time, int word) {
    time(s, at, time.user(), word);
    time(s, at + 2 * word, time.system(), word);
  }

  private static void time(Struct s, int at, long nanos, int word) {
    s.putWord(at, nanos / 1_000_000_000).putWord(at + word, nanos / 1000 % 1_000_000);
  }

  private static void identity(Struct s, int at, Task task) {
    Process process = task.process();
    s.put32(at, task.tid()).put32(at + 4, process.parentPid());
    s.put32(at + 8, process.groupId()).put32(at + 12, process.sessionId());
  }

  private byte[] prpsinfo(Task task) {
    int word = abi.wordSize();
    int owner = 2 * word;
    int name = owner + 8 + 16;
    Struct s = abi.struct(name + NAME + ARGUMENTS);
    s.put8(1, 'R').put8(3, task.nice());
    s.put32(owner, task.credentials().uid()).put32(owner + 4, task.credentials().gid());
    identity(s, owner + 8, task);
    text(s, name, task.comm(), NAME);
    AddressSpace.Startup startup = task.space().startup();
    byte[] arguments =
        guest(task.space(), startup.arguments(), startup.environment() - startup.arguments());
    String words = new String(arguments, GuestText.BYTES).replace('\0', ' ');
    text(s, name + NAME, words, ARGUMENTS);
    return s.bytes();
  }

  private static void text(Struct s, int at, String text, int room) {
    for (int i = 0; i < Math.min(text.length(), room - 1); i++) {
      s.put8(at + i, text.charAt(i));
    }
  }

  /** Guest memory; what is unreadable is left out. */
  private static byte[] guest(AddressSpace space, long address, long length) {
    byte[] bytes = new byte[Math.clamp(length, 0, 1 << 16)];
    int read = TracedMemory.read(space, address, bytes, 0, bytes.length);
    return read == bytes.length ? bytes : Arrays.copyOf(bytes, read);
  }

  private byte[] files(List<Vma> mappings, int pageSize) {
    List<Vma> files = new ArrayList<>();
    ByteArrayOutputStream names = new ByteArrayOutputStream();
    for (Vma vma : mappings) {
      Backing backing = vma.backing();
      if (backing != null && !vma.has(Vma.HANDED)) {
        files.add(vma);
        names.writeBytes((backing.path() + "\0").getBytes(GuestText.BYTES));
      }
    }
    int word = abi.wordSize();
    Struct s = abi.struct((2 + 3 * files.size()) * word);
    s.putWord(0, files.size()).putWord(word, pageSize);
    int at = 2 * word;
    for (Vma vma : files) {
      s.putWord(at, vma.start()).putWord(at + word, vma.end());
      s.putWord(at + 2 * word, vma.offset() / pageSize);
      at += 3 * word;
    }
    ByteArrayOutputStream note = new ByteArrayOutputStream();
    note.writeBytes(s.bytes());
    note.writeBytes(names.toByteArray());
    return note.toByteArray();
  }
}
