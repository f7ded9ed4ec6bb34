package dev.vestibule.checkpoint.show;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.vestibule.checkpoint.schema.CoreEntry;
import dev.vestibule.checkpoint.schema.MachineType;
import dev.vestibule.checkpoint.schema.RseqEntry;
import dev.vestibule.checkpoint.schema.UserPpc64RegsEntry;
import dev.vestibule.checkpoint.schema.UserX86RegsEntry;
import dev.vestibule.inspect.Fact;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How is a thread described: where it stands, its registers, its registration for rseq? */
final class ShownThread {
  private ShownThread() {}

  static String machine(CoreEntry core) {
    String own = core.getVestibule().getMachine();
    return own.isEmpty() ? core.getMtype().name() : own;
  }

  /** Address of the next instruction, 0 where the machine's registers are not known here. */
  private static long place(CoreEntry core) {
    if (core.hasThreadInfo()) {
      return core.getThreadInfo().getGpregs().getIp();
    }
    return core.hasTiPpc64() ? core.getTiPpc64().getGpregs().getNip() : 0;
  }

  private static long stack(CoreEntry core) {
    if (core.hasThreadInfo()) {
      return core.getThreadInfo().getGpregs().getSp();
    }
    boolean has = core.hasTiPpc64() && core.getTiPpc64().getGpregs().getGprCount() > 1;
    return has ? core.getTiPpc64().getGpregs().getGpr(1) : 0;
  }

  static List<Fact> facts(int tid, CoreEntry core, ShownProcess process) {
    List<Fact> facts = new ArrayList<>();
    Map<String, Object> values = new LinkedHashMap<>();
    String key = Integer.toString(tid);
    boolean known = core.hasThreadInfo() || core.hasTiPpc64();
    values.put("tid", tid);
    values.put("machine", machine(core));
    String text = tid + " " + machine(core);
    if (known) {
      values.put("place", ShownProcess.hex(place(core)));
      values.put("stack", ShownProcess.hex(stack(core)));
      String in = process.within(place(core));
      values.put("in", in);
      text += " at 0x%x%s, stack 0x%x".formatted(place(core), in, stack(core));
    }
    facts.add(new Fact("thread", key, values, text));
    facts.add(registers(key, core));
    RseqEntry rseq = core.getThreadCore().getRseqEntry();
    if (rseq.getRseqAbiPointer() != 0) {
      facts.add(rseq(key, rseq));
    }
    return facts;
  }

  private static Fact rseq(String key, RseqEntry rseq) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("area", ShownProcess.hex(rseq.getRseqAbiPointer()));
    values.put("size", rseq.getRseqAbiSize());
    values.put("signature", ShownProcess.hex(Integer.toUnsignedLong(rseq.getSignature())));
    return new Fact(
        "rseq",
        key,
        values,
        "%s: area 0x%x, %d bytes, signature 0x%x"
            .formatted(key, rseq.getRseqAbiPointer(), rseq.getRseqAbiSize(), rseq.getSignature()));
  }

  private static Fact registers(String key, CoreEntry core) {
    Map<String, Object> values = new LinkedHashMap<>();
    if (core.hasThreadInfo()) {
      UserX86RegsEntry registers = core.getThreadInfo().getGpregs();
      add(values, registers);
      values.put("mode", registers.getMode() == 2 ? "compat" : "native");
    } else if (core.hasTiPpc64()) {
      UserPpc64RegsEntry registers = core.getTiPpc64().getGpregs();
      for (int i = 0; i < Math.min(32, registers.getGprCount()); i++) {
        values.put("r" + i, ShownProcess.hex(registers.getGpr(i)));
      }
      add(values, registers);
    } else {
      String why =
          core.getMtype() == MachineType.UNKNOWN
              ? "of an unknown machine"
              : "of " + core.getMtype() + " are not described";
      return new Fact("registers", key, Map.of(), key + ": " + why);
    }
    List<String> words = new ArrayList<>();
    values.forEach((name, value) -> words.add(name + " " + value));
    return new Fact("registers", key, values, key + ": " + String.join(", ", words));
  }

  private static void add(Map<String, Object> values, Message registers) {
    for (Map.Entry<FieldDescriptor, Object> field : registers.getAllFields().entrySet()) {
      if (field.getValue() instanceof Long word) {
        values.put(field.getKey().getName(), ShownProcess.hex(word));
      }
    }
  }
}
