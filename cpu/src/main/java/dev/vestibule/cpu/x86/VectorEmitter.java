package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.micro.Op;

/**
 * Which host instructions move vectors, and combine their bits? SSE2, whatever the elements are: a
 * pair of slots is one little-endian number of 128 bits, as an XMM register holds it.
 */
class VectorEmitter extends MemoryEmitter {
  private static final int BYTES = 16;
  private static final int UNALIGNED = 0xf3; // prefix of MOVDQU
  private static final int INTEGER = 0x66; // prefix of the others
  private static final int LOAD = 0x0f6f;
  private static final int STORE = 0x0f7f;
  private static final int AND_BITS = 0x0fdb;
  private static final int AND_NOT_BITS = 0x0fdf;
  private static final int OR_BITS = 0x0feb;
  private static final int XOR_BITS = 0x0fef;
  private static final int EQUAL_WORDS = 0x0f76;
  private static final int SHUFFLE_WORDS = 0x0f70;
  private static final int SWAP_HALVES = 0x4e;
  private static final int REVERSE_WORDS = 0x1b;

  VectorEmitter(int[] hotSlots, HostFeatures host) {
    super(hotSlots, host);
  }

  /** Whether {@link #emitVector} knows the operation. */
  final boolean moves(int op) {
    return switch (op) {
      case Op.VLD128BE, Op.VST128BE -> host().movbe();
      default -> op >= Op.VMOV && op <= Op.VST32X4LE;
    };
  }

  final void emitVector(long w, Label slow) {
    int op = Op.op(w);
    int d = Op.d(w);
    if (op >= Op.VLD128BE) {
      access(op, d, displaced(Op.a(w), Op.imm(w)), slow);
    } else {
      combine(op, Op.a(w), Op.b(w), Op.c(w));
      put(0, d);
    }
  }

  private void get(int xmm, int slot) {
    vectorMemory(UNALIGNED, LOAD, xmm, RBP, offset(slot));
  }

  private void put(int xmm, int slot) {
    vectorMemory(UNALIGNED, STORE, xmm, RBP, offset(slot));
  }

  private void operate(int op, int to, int from) {
    vector(INTEGER, false, op, to, from);
  }

  private void invert(int xmm) {
    operate(EQUAL_WORDS, 2, 2); // ones
    operate(XOR_BITS, xmm, 2);
  }

  /** XMM0 = the result. */
  private void combine(int op, int a, int b, int c) {
    if (op == Op.VZERO) {
      operate(XOR_BITS, 0, 0);
      return;
    }
    get(0, a);
    if (op == Op.VMOV) {
      return;
    }
    get(1, b);
    switch (op) {
      case Op.VAND -> operate(AND_BITS, 0, 1);
      case Op.VOR -> operate(OR_BITS, 0, 1);
      case Op.VXOR -> operate(XOR_BITS, 0, 1);
      case Op.VANDC -> {
        invert(1);
        operate(AND_BITS, 0, 1);
      }
      case Op.VORC -> {
        invert(1);
        operate(OR_BITS, 0, 1);
      }
      case Op.VNOR -> {
        operate(OR_BITS, 0, 1);
        invert(0);
      }
      case Op.VNAND -> {
        operate(AND_BITS, 0, 1);
        invert(0);
      }
      case Op.VEQV -> {
        operate(XOR_BITS, 0, 1);
        invert(0);
      }
      case Op.VSEL -> {
        get(2, c);
        operate(AND_BITS, 1, 2);
        operate(AND_NOT_BITS, 2, 0);
        operate(OR_BITS, 1, 2);
        vector(UNALIGNED, false, LOAD, 0, 1);
      }
      default -> throw new AssertionError("micro-operation " + op);
    }
  }

  private void access(int op, int slot, int address, Label slow) {
    boolean store = op >= Op.VST128BE;
    checked(address, BYTES, store ? GuestMemory.STORE_OK : GuestMemory.LOAD_OK, slow);
    if (op == Op.VLD128BE) {
      loadSwapped(slot + 1, address, 0);
      loadSwapped(slot, address, 8);
    } else if (op == Op.VST128BE) {
      storeSwapped(slot + 1, address, 0);
      storeSwapped(slot, address, 8);
    } else if (store) {
      get(0, slot);
      arrange(op - Op.VST128BE);
      vectorMemory(UNALIGNED, STORE, 0, R15, address, 0);
    } else {
      vectorMemory(UNALIGNED, LOAD, 0, R15, address, 0);
      arrange(op - Op.VLD128BE);
      put(0, slot);
    }
  }

  private void arrange(int kind) {
    int order =
        switch (kind) {
          case Op.VLD64X2LE - Op.VLD128BE -> SWAP_HALVES;
          case Op.VLD32X4LE - Op.VLD128BE -> REVERSE_WORDS;
          default -> -1;
        };
    if (order >= 0) {
      operate(SHUFFLE_WORDS, 0, 0);
      emit8(order);
    }
  }

  private void loadSwapped(int slot, int address, int displacement) {
    memory(true, MOVBE_LOAD, RDX, R15, address, 0, displacement);
    store(RDX, RBP, offset(slot));
  }

  private void storeSwapped(int slot, int address, int displacement) {
    load(RDX, RBP, offset(slot));
    memory(true, MOVBE_STORE, RDX, R15, address, 0, displacement);
  }
}
