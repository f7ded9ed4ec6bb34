package dev.vestibule.elf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vestibule.elf.cfi.CallFrameWriter;
import dev.vestibule.elf.cfi.CallerFrame;
import dev.vestibule.elf.cfi.CallerFrame.Place;
import dev.vestibule.elf.cfi.CfaRow;
import dev.vestibule.elf.cfi.CieSpec;
import dev.vestibule.elf.cfi.DwarfOp;
import dev.vestibule.elf.cfi.ExpressionWriter;
import dev.vestibule.elf.cfi.FrameSectionWriter;
import dev.vestibule.elf.cfi.FrameSectionWriter.Code;
import dev.vestibule.elf.cfi.FrameTable;
import dev.vestibule.elf.cfi.MemoryView;
import dev.vestibule.elf.cfi.PointerEncoding;
import dev.vestibule.elf.cfi.UnwindException;
import dev.vestibule.elf.cfi.Unwinder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Does the evaluator find the caller that an unwinder following the DWARF book finds? */
class UnwinderTest {
  /** A stack of 8 KiB at a fixed address. */
  private static final class Stack implements MemoryView {
    static final long BASE = 0x7f000000;
    final ByteBuffer bytes;
    final boolean is64;

    Stack(boolean is64, ByteOrder order) {
      this.is64 = is64;
      bytes = ByteBuffer.allocate(8192).order(order);
    }

    void word(long address, long value) {
      if (is64) {
        bytes.putLong((int) (address - BASE), value);
      } else {
        bytes.putInt((int) (address - BASE), (int) value);
      }
    }

    @Override
    public boolean read(long address, byte[] into) {
      long at = address - BASE;
      if (at < 0 || at > bytes.capacity() - into.length) {
        return false;
      }
      bytes.get((int) at, into);
      return true;
    }
  }

  /** A signal frame as kernels push it: a pointer to the registers, the registers, the vectors. */
  @ParameterizedTest
  @EnumSource(
      value = SampleImage.class,
      names = {"PPC", "PPC64", "PPC64LE"})
  void leavesPowerSignalFrames(SampleImage sample) throws Exception {
    int word = sample.is64 ? 8 : 4;
    long sp = Stack.BASE + 16;
    long regs = Stack.BASE + 0x400;
    Stack stack = new Stack(sample.is64, sample.order);
    stack.word(sp + (sample.is64 ? 352 : 256), regs);
    stack.word(regs + word, 0x7f001800L);
    stack.word(regs + 32L * word, 0x10001234L);
    long vectors = sample.is64 ? regs + 0x800 : regs + 48 * 4 + 34 * 8;
    if (sample.is64) {
      stack.word(regs + 48 * 8 + 33 * 8, vectors);
    }
    ElfFile file = ElfFile.read(sample.build().bytes(), "image");
    Unwinder unwinder = new Unwinder(FrameTable.read(file), 0x20000);
    ElfSymbol trampoline =
        file.dynamicSymbols().find("__kernel_sigtramp_rt" + (sample.is64 ? 64 : 32), null);
    assertThat(trampoline).isNotNull();
    long pc = trampoline.value() + 0x20000;

    stack.word(regs + 33L * word, 1 << 25);
    CallerFrame frame = unwinder.unwind(pc, true, column -> sp, stack);
    assertThat(frame).isNotNull();
    assertThat(frame.signalFrame()).isTrue();
    assertThat(frame.cfa()).isEqualTo(0x7f001800L);
    assertThat(frame.returnAddress()).isEqualTo(0x10001234L);
    Map<Integer, Place> places = frame.registers();
    for (int r = 0; r < 32; r++) {
      if (r != 1) {
        assertThat(places.get(r)).isEqualTo(new Place.Memory(regs + (long) r * word));
      }
      assertThat(places.get(32 + r)).isEqualTo(new Place.Memory(regs + 48L * word + 8L * r));
      assertThat(places.get(77 + r)).isEqualTo(new Place.Memory(vectors + 16L * r));
    }
    assertThat(places.get(1)).isNull();
    assertThat(places.get(65)).isEqualTo(new Place.Memory(regs + 36L * word));
    boolean highHalf = sample.is64 && sample.order == ByteOrder.BIG_ENDIAN;
    assertThat(places.get(70)).isEqualTo(new Place.Memory(regs + 38L * word + (highHalf ? 4 : 0)));
    assertThat(places.get(110)).isEqualTo(new Place.Memory(vectors + 32 * 16 + 12));
    assertThat(places.get(109))
        .isEqualTo(new Place.Memory(vectors + (sample.is64 ? 33 : 32) * 16L));

    // Without the vector bit in the saved MSR the expressions yield 0.
    stack.word(regs + 33L * word, 0);
    CallerFrame without = unwinder.unwind(pc, true, column -> sp, stack);
    assertThat(without).isNotNull();
    assertThat(without.registers().get(77)).isEqualTo(new Place.Memory(0));
    assertThat(without.registers().get(108)).isEqualTo(new Place.Memory(0));

    assertThat(unwinder.unwind(pc - 4, true, column -> sp, stack)).isNull();
    assertThatThrownBy(() -> unwinder.unwind(pc, false, column -> 8, stack))
        .isInstanceOf(UnwindException.class)
        .hasMessageContaining("cannot be read");
  }

  @Test
  void followsRowsOfAnOrdinaryFunction() throws Exception {
    SampleImage sample = SampleImage.PPC64LE;
    FrameTable table = FrameTable.read(ElfFile.read(sample.build().bytes(), "image"));
    long start = table.fdes().get(1).start();
    CfaRow entry = table.row(start);
    CfaRow body = table.row(start + 4);
    CfaRow restored = table.row(start + 11);
    CfaRow again = table.row(start + 15);
    assertThat(entry).isNotNull();
    assertThat(body).isNotNull();
    assertThat(restored).isNotNull();
    assertThat(again).isNotNull();
    assertThat(entry.cfa()).isEqualTo(new CfaRow.Cfa.RegisterOffset(1, 0));
    assertThat(entry.rules()).isEmpty();
    assertThat(body.cfa()).isEqualTo(new CfaRow.Cfa.RegisterOffset(1, 112));
    assertThat(body.rules())
        .containsOnly(
            Map.entry(65, new CfaRow.Rule.Offset(16)), Map.entry(31, new CfaRow.Rule.Offset(-8)));
    assertThat(restored.rules()).containsOnly(Map.entry(65, new CfaRow.Rule.SameValue()));
    assertThat(again.rules()).isEqualTo(body.rules());
    assertThat(table.row(start + 16)).isNull();
  }

  @Test
  void computesEveryOperation() throws Exception {
    for (boolean is64 : new boolean[] {false, true}) {
      long ones = is64 ? -1 : 0xffffffffL;
      value(is64, 7, e -> e.lit(7));
      value(is64, 200, e -> e.const1u(200));
      value(is64, 0xfffe, e -> e.const2u(0xfffe));
      value(is64, 0xfffffffeL, e -> e.const4u(-2));
      value(is64, is64 ? 0x123456789aL : 0x3456789aL, e -> e.const8u(0x123456789aL));
      value(is64, 300, e -> e.constu(300));
      value(is64, ones - 299, e -> e.consts(-300));
      value(is64, 1003, e -> e.breg(3, 0));
      value(is64, 1040 - 5, e -> e.breg(40, -5));
      value(
          is64,
          2,
          e ->
              e.lit(1)
                  .lit(2)
                  .lit(3)
                  .op(DwarfOp.SWAP)
                  .op(DwarfOp.DROP)
                  .lit(1)
                  .bra(0)
                  .op(DwarfOp.DROP)
                  .lit(2));
      value(is64, 4, e -> e.lit(4).lit(5).op(DwarfOp.OVER));
      value(is64, 6, e -> e.lit(5).op(DwarfOp.DUP).op(DwarfOp.DROP).plusUconst(1));
      // rot moves the top below the next two: 1 2 3 becomes 3 1 2.
      value(is64, 312, e -> fold(e.lit(1).lit(2).lit(3).op(DwarfOp.ROT)));
      value(is64, 5, e -> e.consts(-5).op(DwarfOp.ABS));
      value(is64, ones - 4, e -> e.lit(5).op(DwarfOp.NEG));
      value(is64, ones - 5, e -> e.lit(5).op(DwarfOp.NOT));
      value(is64, 4, e -> e.lit(12).lit(6).op(DwarfOp.AND));
      value(is64, 14, e -> e.lit(12).lit(6).op(DwarfOp.OR));
      value(is64, 10, e -> e.lit(12).lit(6).op(DwarfOp.XOR));
      value(is64, ones - 1, e -> e.consts(-7).lit(3).op(DwarfOp.DIV));
      value(is64, 1, e -> e.lit(7).lit(3).op(DwarfOp.MOD));
      value(is64, ones - 1, e -> e.lit(1).lit(3).op(DwarfOp.MINUS));
      value(is64, 21, e -> e.lit(7).lit(3).op(DwarfOp.MUL));
      value(is64, 24, e -> e.lit(3).lit(3).op(DwarfOp.SHL));
      value(is64, 0, e -> e.lit(3).const1u(is64 ? 64 : 32).op(DwarfOp.SHL));
      value(is64, ones >>> 4, e -> e.consts(-1).lit(4).op(DwarfOp.SHR));
      value(is64, ones - 1, e -> e.consts(-7).lit(2).op(DwarfOp.SHRA));
      value(is64, 1, e -> e.consts(-1).lit(1).op(DwarfOp.LT));
      value(is64, 0, e -> e.consts(-1).lit(1).op(DwarfOp.GT));
      value(is64, 1, e -> e.lit(1).lit(1).op(DwarfOp.GE));
      value(is64, 1, e -> e.lit(1).lit(1).op(DwarfOp.LE));
      value(is64, 1, e -> e.lit(1).lit(1).op(DwarfOp.EQ));
      value(is64, 1, e -> e.lit(1).lit(2).op(DwarfOp.NE));
      value(is64, 9, e -> e.lit(9).skip(1).lit(8).op(DwarfOp.NOP));
      value(is64, 0x11, e -> e.constu(Stack.BASE).derefSize(1));
      value(is64, is64 ? 0x1122334455667788L : 0x11223344, e -> e.constu(Stack.BASE).deref());
    }
  }

  /** Turns three digits on the stack into a number, lowest stack entry first. */
  private static void fold(ExpressionWriter e) {
    e.op(DwarfOp.SWAP).lit(10).op(DwarfOp.MUL).op(DwarfOp.PLUS);
    e.op(DwarfOp.SWAP).const1u(100).op(DwarfOp.MUL).op(DwarfOp.PLUS);
  }

  @Test
  void refusesWhatDoesNotEnd() {
    fails("does not end", e -> e.skip(-3));
    fails("only 0 entries", e -> e.op(DwarfOp.DROP).op(DwarfOp.DROP));
    fails("exceeds 64", e -> e.op(DwarfOp.DUP).lit(1).bra(-5));
    fails("leaves .eh_frame", e -> e.skip(-30000));
    fails("division by zero", e -> e.lit(0).op(DwarfOp.DIV));
    fails("no meaning", e -> e.op(DwarfOp.CALL_FRAME_CFA));
    fails("cannot be read", e -> e.lit(0).deref());
  }

  private static void value(boolean is64, long expected, Consumer<ExpressionWriter> body)
      throws Exception {
    CallerFrame frame = evaluate(is64, body);
    assertThat(frame).isNotNull();
    assertThat(frame.registers().get(9)).isEqualTo(new Place.Value(expected));
  }

  private static void fails(String message, Consumer<ExpressionWriter> body) {
    assertThatThrownBy(() -> evaluate(true, body))
        .isInstanceOf(UnwindException.class)
        .hasMessageContaining(message);
  }

  private static CallerFrame evaluate(boolean is64, Consumer<ExpressionWriter> body)
      throws Exception {
    ByteOrder order = ByteOrder.BIG_ENDIAN;
    CieSpec cie =
        new CieSpec(
            "zR",
            4,
            -4,
            65,
            PointerEncoding.PCREL | PointerEncoding.SDATA4,
            4,
            new CallFrameWriter(order, 4, -4).defCfa(1, 0).toByteArray());
    byte[] program = CallFrameWriter.forCie(order, cie).valExpression(9, body).toByteArray();
    SharedObject image =
        new SharedObjectBuilder(is64, order, is64 ? Elf.EM_PPC64 : Elf.EM_PPC)
            .soname("test.so")
            .section(SectionSpec.code(".text", 4, new byte[16]))
            .frames(
                new FrameSectionWriter(is64, order, true)
                    .fde(cie, new Code(".text", 0, 16), program))
            .build();
    Stack stack = new Stack(is64, order);
    stack.bytes.putLong(0, 0x1122334455667788L);
    FrameTable table = FrameTable.read(ElfFile.read(image.bytes(), "image"));
    CallerFrame frame =
        new Unwinder(table, 0)
            .unwind(image.layout().address(".text"), false, column -> 1000 + column, stack);
    assertThat(frame).isNotNull();
    return frame;
  }
}
