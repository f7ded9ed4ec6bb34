package dev.vestibule.observe.gdb;

import dev.vestibule.cpu.Watchpoints;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.SigInfoLayout;
import dev.vestibule.kernel.signal.Signals;
import dev.vestibule.kernel.trace.TraceStop;
import dev.vestibule.kernel.trace.TracedMemory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** How is one client's every packet answered? See "Packets" in the gdb manual's appendix. */
final class Session {
  private static final String OK = "OK";

  /** Longest stretch of memory one watchpoint may have, in bytes. */
  private static final int MOST_WATCHED = 1 << 20;

  private static final String ERROR = "E01";
  private static final String BAD_MEMORY = "E0e";

  private final Wire wire;
  private final Inferiors inferiors;
  private final RegisterLayout registers;
  private final GuestFiles files = new GuestFiles();
  private ThreadId general = new ThreadId(0, 0);
  private String lastStop = "";
  private List<GuestThread> listed = List.of();

  Session(Wire wire, Inferiors inferiors, RegisterLayout registers) {
    this.wire = wire;
    this.inferiors = inferiors;
    this.registers = registers;
  }

  /** Serves the client until it goes. */
  void serve() throws InterruptedException {
    inferiors.holdAll();
    List<GuestThread> threads = inferiors.threads();
    if (!threads.isEmpty()) {
      select(threads.get(0));
      lastStop = "T05thread:" + threads.get(0).id() + ";";
    }
    try {
      while (true) {
        switch (wire.take()) {
          case Wire.Packet packet -> {
            String answer = guarded(packet.text());
            if (answer != null) {
              wire.send(answer);
            }
          }
          case Wire.Notice notice -> {
            if (notice == Wire.Notice.CLOSED) {
              return;
            }
            if (notice == Wire.Notice.INTERRUPT) {
              inferiors.interrupt();
            }
          }
        }
        tellEvent();
      }
    } finally {
      files.closeAll();
      inferiors.detach(-1);
    }
  }

  private void tellEvent() throws InterruptedException {
    String event = inferiors.event();
    if (event != null) {
      lastStop = event;
      int thread = event.indexOf("thread:");
      if (thread >= 0) {
        general = ThreadId.parse(event.substring(thread + 7, event.indexOf(';', thread)));
      }
      wire.send(event);
    }
  }

  private void select(GuestThread thread) {
    general = new ThreadId(thread.pid(), thread.tid());
  }

  /** The answer to a packet, empty for one that is not understood, null for none now. */
  private @Nullable String guarded(String packet) throws InterruptedException {
    try {
      return packet.isEmpty() ? "" : answer(packet);
    } catch (PacketException bad) {
      return ERROR;
    } catch (IndexOutOfBoundsException cut) {
      return ERROR; // a packet that ends too early
    } catch (InternalError lostPage) {
      return BAD_MEMORY; // a host SIGBUS: a mapped file became shorter
    }
  }

  private @Nullable String answer(String packet) throws InterruptedException {
    String rest = packet.substring(1);
    if (inferiors.resumed()) {
      return null; // nothing but an interrupt makes sense while the guest runs
    }
    return switch (packet.charAt(0)) {
      case '?' -> lastStop.isEmpty() ? "W00" : lastStop;
      case 'g' -> orError(registers.all(task()));
      case 'G' -> registers.setAll(task(), Hex.bytes(rest)) ? OK : ERROR;
      case 'p' -> readRegister(Hex.small(rest));
      case 'P' -> writeRegister(rest);
      case 'm' -> readMemory(rest, false);
      case 'x' -> readMemory(rest, true);
      case 'M' -> writeMemory(rest, false);
      case 'X' -> writeMemory(rest, true);
      case 'Z', 'z' -> breakpoint(packet);
      case 'H' -> selectThread(rest);
      case 'T' -> inferiors.find(ThreadId.parse(rest)) != null ? OK : ERROR;
      case 'c', 'C', 's', 'S' -> oldResume(packet);
      case 'D' -> detach(rest);
      case 'k' -> {
        inferiors.kill(-1);
        yield null;
      }
      case 'v' -> verbose(packet);
      case 'q' -> query(packet);
      case 'Q' -> set(packet);
      default -> "";
    };
  }

  private static String orError(@Nullable String answer) {
    return answer == null ? ERROR : answer;
  }

  private GuestThread thread() {
    GuestThread thread = inferiors.find(general);
    if (thread == null) {
      throw new PacketException("no such thread");
    }
    return thread;
  }

  private Task task() {
    return thread().task();
  }

  /** A task for what is the same for all. */
  private Task anyTask() {
    GuestThread chosen = inferiors.find(general);
    GuestThread any = chosen != null ? chosen : inferiors.find(ThreadId.ALL);
    if (any == null) {
      throw new PacketException("no thread is left");
    }
    return any.task();
  }

  // ---- registers and memory
  // -----------------------------------------------------------------------

  private String readRegister(int number) {
    return number < registers.count() ? orError(registers.one(task(), number)) : ERROR;
  }

  private String writeRegister(String rest) {
    int equals = rest.indexOf('=');
    int number = Hex.small(rest.substring(0, equals));
    if (number >= registers.count()) {
      return ERROR;
    }
    return registers.setOne(task(), number, Hex.bytes(rest.substring(equals + 1))) ? OK : ERROR;
  }

  private String readMemory(String rest, boolean binary) {
    int comma = rest.indexOf(',');
    long address = Hex.number(rest.substring(0, comma));
    int length = Math.min(Hex.small(rest.substring(comma + 1)), (Wire.MOST - 8) / 2);
    byte[] bytes = new byte[length];
    AddressSpace space = thread().space;
    int done = TracedMemory.read(space, address, bytes, 0, length);
    if (done == 0 && length > 0) {
      return BAD_MEMORY;
    }
    inferiors.breakpoints().hide(space, address, bytes, done);
    return binary
        ? "b" + new String(bytes, 0, done, StandardCharsets.ISO_8859_1)
        : Hex.of(bytes, 0, done);
  }

  private String writeMemory(String rest, boolean binary) {
    int comma = rest.indexOf(',');
    int colon = rest.indexOf(':', comma);
    long address = Hex.number(rest.substring(0, comma));
    int length = Hex.small(rest.substring(comma + 1, colon));
    String data = rest.substring(colon + 1);
    byte[] bytes = binary ? data.getBytes(StandardCharsets.ISO_8859_1) : Hex.bytes(data);
    if (bytes.length != length) {
      return ERROR;
    }
    int done = inferiors.breakpoints().write(thread().space, address, bytes);
    return done == length ? OK : BAD_MEMORY;
  }

  private String breakpoint(String packet) {
    String[] parts = packet.substring(1).split("[,;]", 4);
    boolean insert = packet.charAt(0) == 'Z';
    long address = Hex.number(parts[1]);
    AddressSpace space = thread().space;
    switch (parts[0]) {
      case "0", "1" -> {
        if (!insert) {
          inferiors.breakpoints().remove(space, address);
          return OK;
        }
        byte[] trap = task().abi().breakpoint();
        return inferiors.breakpoints().insert(space, address, trap) ? OK : BAD_MEMORY;
      }
      case "2", "3", "4" -> {
        return watch(parts, insert, space, address);
      }
      default -> {
        return "";
      }
    }
  }

  private static String watch(String[] parts, boolean insert, AddressSpace space, long address) {
    int length = Hex.small(parts[2]);
    boolean loads = !parts[0].equals("2");
    boolean stores = !parts[0].equals("3");
    long limit = space.memory().limit();
    if (length == 0 || length > MOST_WATCHED || address < 0 || address > limit - length) {
      return ERROR;
    }
    Watchpoints.Watch watch = new Watchpoints.Watch(address, address + length, loads, stores, null);
    if (!space.tryShare()) {
      return ERROR;
    }
    try {
      synchronized (space) { // which changes of mappings hold, too
        Watchpoints watching = space.memory().watching();
        watching.remove(watch);
        if (insert) {
          watching.add(watch);
        }
      }
    } finally {
      space.leave();
    }
    return OK;
  }

  // ---- threads and running
  // ------------------------------------------------------------------------

  private String selectThread(String rest) {
    ThreadId id = ThreadId.parse(rest.substring(1));
    if (rest.charAt(0) == 'c') {
      return OK;
    }
    GuestThread thread = inferiors.find(id);
    if (thread == null) {
      return ERROR;
    }
    select(thread);
    return OK;
  }

  /** c, C, s and S: the current thread steps, or all go on. */
  private @Nullable String oldResume(String packet) {
    char kind = Character.toLowerCase(packet.charAt(0));
    boolean signals = packet.charAt(0) != kind;
    int signal = signals ? signal(packet.substring(1)) : 0;
    List<Inferiors.Action> actions = new ArrayList<>();
    actions.add(new Inferiors.Action(general, kind, signal, 0, 0));
    if (kind == 'c') {
      actions.add(new Inferiors.Action(ThreadId.ALL, 'c', 0, 0, 0));
    }
    inferiors.resume(actions);
    return null;
  }

  private static int signal(String digits) {
    int semicolon = digits.indexOf(';');
    return GdbSignals.toLinux(Hex.small(semicolon < 0 ? digits : digits.substring(0, semicolon)));
  }

  private @Nullable String verbose(String packet) throws InterruptedException {
    if (packet.equals("vCont?")) {
      return "vCont;c;C;s;S;t;r";
    }
    if (packet.startsWith("vCont;")) {
      List<Inferiors.Action> actions = new ArrayList<>();
      for (String part : packet.substring(6).split(";", -1)) {
        actions.add(action(part));
      }
      inferiors.resume(actions);
      return null;
    }
    if (packet.startsWith("vFile:")) {
      return files.answer(anyTask(), packet.substring(6));
    }
    if (packet.startsWith("vKill;")) {
      inferiors.kill(Hex.small(packet.substring(6)));
      return OK;
    }
    return "";
  }

  private static Inferiors.Action action(String part) {
    int colon = part.indexOf(':');
    ThreadId who = colon < 0 ? ThreadId.ALL : ThreadId.parse(part.substring(colon + 1));
    String what = colon < 0 ? part : part.substring(0, colon);
    char kind = what.charAt(0);
    return switch (kind) {
      case 'c', 's', 't' -> new Inferiors.Action(who, kind, 0, 0, 0);
      case 'C', 'S' ->
          new Inferiors.Action(who, Character.toLowerCase(kind), signal(what.substring(1)), 0, 0);
      case 'r' -> {
        int comma = what.indexOf(',');
        long from = Hex.number(what.substring(1, comma));
        yield new Inferiors.Action(who, 's', 0, from, Hex.number(what.substring(comma + 1)));
      }
      default -> throw new PacketException("unknown action");
    };
  }

  private String detach(String rest) {
    int pid = rest.startsWith(";") ? Hex.small(rest.substring(1)) : -1;
    return inferiors.detach(pid) ? OK : ERROR;
  }

  // ---- queries and settings
  // -----------------------------------------------------------------------

  private String query(String packet) {
    int end = 1;
    while (end < packet.length() && ":;,".indexOf(packet.charAt(end)) < 0) {
      end++;
    }
    String arguments = packet.substring(Math.min(end + 1, packet.length()));
    return switch (packet.substring(1, end)) {
      case "Supported" -> supported(arguments);
      case "Attached" -> "1";
      case "C" -> "QC" + thread().id();
      case "fThreadInfo" -> {
        listed = inferiors.threads();
        yield someThreads();
      }
      case "sThreadInfo" -> someThreads();
      case "ThreadExtraInfo" -> {
        GuestThread thread = inferiors.find(ThreadId.parse(arguments));
        yield thread == null ? ERROR : Hex.ofText(thread.task().comm());
      }
      case "Symbol" -> OK;
      case "Xfer" -> transfer(arguments);
      default -> "";
    };
  }

  private String supported(String theirs) {
    Set<String> known = new HashSet<>(List.of(theirs.split(";", -1)));
    inferiors.setFeatures(
        new Inferiors.Features(
            known.contains("fork-events+"),
            known.contains("vfork-events+"),
            known.contains("exec-events+"),
            known.contains("no-resumed+")));
    return "PacketSize="
        + Integer.toHexString(Wire.MOST)
        + ";QStartNoAckMode+;multiprocess+;swbreak+;hwbreak+;fork-events+;vfork-events+"
        + ";exec-events+;vContSupported+;no-resumed+;QPassSignals+;QCatchSyscalls+"
        + ";qXfer:features:read+;qXfer:auxv:read+;qXfer:siginfo:read+;qXfer:siginfo:write+"
        + ";qXfer:threads:read+;qXfer:exec-file:read+;binary-upload+";
  }

  private String someThreads() {
    StringBuilder text = new StringBuilder();
    int count = 0;
    while (count < listed.size() && text.length() < Wire.MOST - 64) {
      text.append(count == 0 ? "m" : ",").append(listed.get(count++).id());
    }
    listed = listed.subList(count, listed.size());
    return count == 0 ? "l" : text.toString();
  }

  private String transfer(String arguments) {
    String[] parts = arguments.split(":", 4);
    String object = parts[0] + ":" + parts[1];
    if (object.equals("siginfo:write")) {
      return writeSigInfo(parts[2], parts[3]);
    }
    String data =
        switch (object) {
          case "features:read" -> parts[2].equals("target.xml") ? registers.description() : null;
          case "auxv:read" -> auxv();
          case "siginfo:read" -> sigInfo();
          case "threads:read" -> threadList();
          case "exec-file:read" -> executable(parts[2]);
          default -> "";
        };
    if (data == null) {
      return ERROR;
    }
    if (data.isEmpty()) {
      return "";
    }
    int comma = parts[3].indexOf(',');
    int from = Hex.small(parts[3].substring(0, comma));
    int length = Math.min(Hex.small(parts[3].substring(comma + 1)), Wire.MOST / 2 - 8);
    if (from >= data.length()) {
      return "l";
    }
    int to = Math.min(data.length(), from + length);
    return (to == data.length() ? "l" : "m") + data.substring(from, to);
  }

  private String auxv() {
    AddressSpace space = thread().space;
    AddressSpace.Startup startup = space.startup();
    byte[] bytes = new byte[startup.auxvLength()];
    int done = TracedMemory.read(space, startup.auxv(), bytes, 0, bytes.length);
    return new String(bytes, 0, done, StandardCharsets.ISO_8859_1);
  }

  private @Nullable String sigInfo() {
    GuestThread thread = thread();
    TraceStop stop = thread.tracee.stop();
    SigInfo info = stop == null ? null : stop.info();
    if (info == null) {
      return null;
    }
    byte[] bytes = SigInfoLayout.build(thread.task().abi(), info).bytes();
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private String writeSigInfo(String annex, String rest) {
    int colon = rest.indexOf(':');
    int offset = Hex.small(rest.substring(0, colon));
    byte[] data = rest.substring(colon + 1).getBytes(StandardCharsets.ISO_8859_1);
    GuestThread thread = thread();
    TraceStop stop = thread.tracee.stop();
    SigInfo info = stop == null ? null : stop.info();
    if (info == null || !annex.isEmpty() || offset > SigInfoLayout.SIZE - data.length) {
      return ERROR;
    }
    Struct s = SigInfoLayout.build(thread.task().abi(), info);
    System.arraycopy(data, 0, s.bytes(), offset, data.length);
    int signal = s.i32(0);
    if (!Signals.valid(signal)) {
      return ERROR;
    }
    synchronized (inferiors.machine().lock()) {
      thread.tracee.setInfo(SigInfoLayout.parse(thread.task().abi(), s, signal));
    }
    return Integer.toHexString(data.length);
  }

  private String threadList() {
    StringBuilder text = new StringBuilder("<?xml version=\"1.0\"?>\n<threads>\n");
    for (GuestThread thread : inferiors.threads()) {
      text.append("<thread id=\"").append(thread.id()).append("\" core=\"");
      text.append(thread.task().processor()).append("\" name=\"");
      text.append(escaped(thread.task().comm())).append("\"/>\n");
    }
    return text.append("</threads>\n").toString();
  }

  private static String escaped(String name) {
    StringBuilder text = new StringBuilder();
    for (char c : name.toCharArray()) {
      boolean plain = c >= ' ' && c < 0x7f && "<>&\"'".indexOf(c) < 0;
      text.append(plain ? c : '?');
    }
    return text.toString();
  }

  private @Nullable String executable(String annex) {
    GuestThread thread =
        annex.isEmpty() ? thread() : inferiors.find(new ThreadId(Hex.small(annex), 0));
    return thread == null ? null : thread.task().process().executable();
  }

  private String set(String packet) {
    if (packet.equals("QStartNoAckMode")) {
      wire.stopAcknowledging();
      return OK;
    }
    if (packet.startsWith("QPassSignals:")) {
      Set<Integer> signals = new HashSet<>();
      for (String number : packet.substring(13).split(";", -1)) {
        if (!number.isEmpty()) {
          signals.add(GdbSignals.toLinux(Hex.small(number)));
        }
      }
      inferiors.pass(signals);
      return OK;
    }
    if (packet.startsWith("QCatchSyscalls:")) {
      String[] parts = packet.substring(15).split(";", -1);
      Set<Integer> numbers = new HashSet<>();
      for (int i = 1; i < parts.length; i++) {
        numbers.add(Hex.small(parts[i]));
      }
      inferiors.catchCalls(parts[0].equals("1") ? numbers : null);
      return OK;
    }
    return packet.startsWith("QNonStop:1") ? ERROR : "";
  }
}
