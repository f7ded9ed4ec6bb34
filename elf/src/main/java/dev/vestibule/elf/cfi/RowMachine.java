package dev.vestibule.elf.cfi;

import dev.vestibule.elf.ElfException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Runs the call-frame instructions of a CIE and an FDE up to an address. */
final class RowMachine {
  private static final int MAX_REMEMBERED = 64;

  /** Rules that all remembered states together may hold; real programs stay below a thousand. */
  private static final int MAX_COPIES = 1 << 20;

  private record State(CfaRow.Cfa cfa, Map<Integer, CfaRow.Rule> rules) {}

  private final FrameBytes section;
  private final Fde fde;
  private final Cie cie;
  private final Deque<State> remembered = new ArrayDeque<>();
  private CfaRow.Cfa cfa = new CfaRow.Cfa.RegisterOffset(0, 0);
  private Map<Integer, CfaRow.Rule> rules = new HashMap<>();
  private Map<Integer, CfaRow.Rule> initial = Map.of();
  private long location;
  private int copies;
  private @Nullable List<CfaRow.Span> collected;

  RowMachine(FrameBytes section, Fde fde) {
    this.section = section;
    this.fde = fde;
    cie = fde.cie();
  }

  CfaRow row(long address) throws ElfException {
    location = fde.start();
    run(cie.program(), cie.end(), address);
    initial = Map.copyOf(rules);
    remembered.clear();
    location = fde.start();
    run(fde.program(), fde.end(), address);
    return new CfaRow(fde, cfa, rules);
  }

  /** The rows of the whole range, each from the address where its rules begin to hold. */
  List<CfaRow.Span> rows() throws ElfException {
    location = fde.start();
    run(cie.program(), cie.end(), -1);
    initial = Map.copyOf(rules);
    remembered.clear();
    location = fde.start();
    List<CfaRow.Span> rows = new ArrayList<>();
    collected = rows;
    run(fde.program(), fde.end(), -1);
    collect(rows);
    return rows;
  }

  private void collect(List<CfaRow.Span> rows) throws ElfException {
    copies += rules.size() + 1;
    if (copies > MAX_COPIES) {
      throw section.fail("call-frame instruction", fde.position(), "too many rows");
    }
    rows.add(new CfaRow.Span(location, new CfaRow(fde, cfa, rules)));
  }

  private void run(int program, int end, long address) throws ElfException {
    FrameCursor in = new FrameCursor(section, program, end);
    while (!in.atEnd()) {
      int opcode = in.u1("call-frame instruction");
      CallFrameOp op = CallFrameOp.of(opcode);
      if (op == null) {
        throw in.fail(
            "call-frame instruction", "unknown instruction 0x" + Integer.toHexString(opcode));
      }
      String name = op.text();
      long next =
          switch (op) {
            case ADVANCE_LOC -> advanced(opcode & 0x3f);
            case ADVANCE_LOC1 -> advanced(in.u1(name));
            case ADVANCE_LOC2 -> advanced(in.unsigned(2, name));
            case ADVANCE_LOC4 -> advanced(in.unsigned(4, name));
            case SET_LOC -> in.pointer(cie.pointerEncoding(), 0, name);
            default -> {
              apply(op, opcode & 0x3f, name, in);
              yield location;
            }
          };
      if (Long.compareUnsigned(next, address) > 0) {
        return;
      }
      if (collected != null && next != location) {
        collect(collected);
      }
      location = next;
    }
  }

  private long advanced(long delta) {
    return section.wrap(location + delta * cie.codeAlignment());
  }

  private void apply(CallFrameOp op, int low, String name, FrameCursor in) throws ElfException {
    switch (op) {
      case NOP, GNU_WINDOW_SAVE -> {}
      case GNU_ARGS_SIZE -> in.uleb(name);
      case OFFSET -> rules.put(low, new CfaRow.Rule.Offset(factored(in.uleb(name))));
      case OFFSET_EXTENDED -> {
        int column = column(in, name);
        rules.put(column, new CfaRow.Rule.Offset(factored(in.uleb(name))));
      }
      case OFFSET_EXTENDED_SF -> {
        int column = column(in, name);
        rules.put(column, new CfaRow.Rule.Offset(factored(in.sleb(name))));
      }
      case GNU_NEGATIVE_OFFSET_EXTENDED -> {
        int column = column(in, name);
        rules.put(column, new CfaRow.Rule.Offset(factored(-in.uleb(name))));
      }
      case VAL_OFFSET -> {
        int column = column(in, name);
        rules.put(column, new CfaRow.Rule.ValOffset(factored(in.uleb(name))));
      }
      case VAL_OFFSET_SF -> {
        int column = column(in, name);
        rules.put(column, new CfaRow.Rule.ValOffset(factored(in.sleb(name))));
      }
      case RESTORE -> restore(low);
      case RESTORE_EXTENDED -> restore(column(in, name));
      case UNDEFINED -> rules.put(column(in, name), new CfaRow.Rule.Undefined());
      case SAME_VALUE -> rules.put(column(in, name), new CfaRow.Rule.SameValue());
      case REGISTER -> {
        int column = column(in, name);
        rules.put(column, new CfaRow.Rule.Register(column(in, name)));
      }
      case REMEMBER_STATE -> {
        if (remembered.size() == MAX_REMEMBERED) {
          throw in.fail(name, "more than " + MAX_REMEMBERED + " states are remembered");
        }
        copies += rules.size();
        if (copies > MAX_COPIES) {
          throw in.fail(name, "too many rules are remembered");
        }
        remembered.push(new State(cfa, new HashMap<>(rules)));
      }
      case RESTORE_STATE -> {
        if (remembered.isEmpty()) {
          throw in.fail(name, "no state is remembered");
        }
        State state = remembered.pop();
        cfa = state.cfa;
        rules = state.rules;
      }
      case DEF_CFA -> {
        int column = column(in, name);
        cfa = new CfaRow.Cfa.RegisterOffset(column, in.uleb(name));
      }
      case DEF_CFA_SF -> {
        int column = column(in, name);
        cfa = new CfaRow.Cfa.RegisterOffset(column, factored(in.sleb(name)));
      }
      case DEF_CFA_REGISTER ->
          cfa = new CfaRow.Cfa.RegisterOffset(column(in, name), current(in, name).offset());
      case DEF_CFA_OFFSET ->
          cfa = new CfaRow.Cfa.RegisterOffset(current(in, name).column(), in.uleb(name));
      case DEF_CFA_OFFSET_SF ->
          cfa = new CfaRow.Cfa.RegisterOffset(current(in, name).column(), factored(in.sleb(name)));
      case DEF_CFA_EXPRESSION -> {
        int length = block(in, name);
        cfa = new CfaRow.Cfa.Expression(in.position() - length, in.position());
      }
      case EXPRESSION -> {
        int column = column(in, name);
        int length = block(in, name);
        rules.put(column, new CfaRow.Rule.Expression(in.position() - length, in.position()));
      }
      case VAL_EXPRESSION -> {
        int column = column(in, name);
        int length = block(in, name);
        rules.put(column, new CfaRow.Rule.ValExpression(in.position() - length, in.position()));
      }
      case ADVANCE_LOC, ADVANCE_LOC1, ADVANCE_LOC2, ADVANCE_LOC4, SET_LOC ->
          throw new IllegalStateException(name);
    }
  }

  private CfaRow.Cfa.RegisterOffset current(FrameCursor in, String name) throws ElfException {
    if (cfa instanceof CfaRow.Cfa.RegisterOffset offset) {
      return offset;
    }
    throw in.fail(name, "the CFA is an expression here");
  }

  private static int block(FrameCursor in, String name) throws ElfException {
    int length = in.length(name);
    in.skipTo(in.position() + length, name);
    return length;
  }

  private static int column(FrameCursor in, String name) throws ElfException {
    return in.small(CfaRow.MAX_COLUMN, name);
  }

  private long factored(long offset) {
    return offset * cie.dataAlignment();
  }

  private void restore(int column) {
    CfaRow.Rule rule = initial.get(column);
    if (rule == null) {
      rules.remove(column);
    } else {
      rules.put(column, rule);
    }
  }
}
