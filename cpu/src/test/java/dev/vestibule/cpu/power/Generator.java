package dev.vestibule.cpu.power;

import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Makes trials: random operands in random rows of the pattern table, from registers and memory that
 * hold the values instructions are sensitive to.
 *
 * <p>Storage instructions mostly find the pad, through two registers that the rest of a sequence
 * mostly leaves alone; branches go forward. Some sequences write an instruction over one of their
 * own that is still to come. What a program may not ask about is left out: time, system calls,
 * privileged registers, forms the book calls invalid.
 */
final class Generator {
  private static final Set<String> LEFT_OUT = Set.of("sc", "mftb", "mfmsr");
  private static final Set<String> NO_STORAGE =
      Set.of("FixedPoint", "Logic", "Branch", "SystemUnit", "DecimalAssist");
  private static final Set<String> BLOCKS =
      Set.of("dcbz", "icbi", "dcbf", "dcbst", "dcbt", "dcbtst", "icbt", "dcba");
  private static final int[] SPRS = {1, 8, 9, 256};
  private static final int[] WIDE_SPRS = {1, 8, 9, 256, 815};

  private static final int LIS = 15 << 26;
  private static final int ORI = 24 << 26;
  private static final int STWU = 37 << 26;
  private static final int DCBST = 0x7c00_006c;
  private static final int SYNC = 0x7c00_04ac;
  private static final int ICBI = 0x7c00_07ac;
  private static final int ISYNC = 0x4c00_012c;

  /** Instructions that write another and make it known, as Book II, 1.8 has it. */
  private static final int REWRITE = 8;

  /** L and W of mtfsf and mtfsfi. */
  private static final int LATER_FORM = 1 << 25 | 1 << 16;

  private final Machine.Guest guest;
  private final List<Table.Row> rows;

  /** Of all rows whose class is wanted, those that both sides have. */
  Generator(Machine.Guest guest, Set<String> owners) {
    this.guest = guest;
    this.rows =
        Table.ROWS.stream()
            .filter(row -> owners.isEmpty() || owners.contains(row.owner()))
            .filter(row -> !LEFT_OUT.contains(row.name()))
            .filter(row -> guest.isa.wide() || !PowerDecoder.wide(row.number()))
            .filter(row -> !QemuDeviations.absent(guest, row))
            .toList();
  }

  List<Table.Row> rows() {
    return rows;
  }

  Trial trial(long seed) {
    return new Sequence(seed).trial();
  }

  private final class Sequence {
    private final long seed;
    private final Random random;
    private final int base;
    private final int index;
    private int[] words = new int[Trial.WORDS];
    private int length;
    private boolean linked; // LR, CTR or TAR may no longer lead forward
    private int skipped; // no branch leads further than this

    Sequence(long seed) {
      this.seed = seed;
      this.random = new Random(seed);
      this.base = 1 + random.nextInt(31);
      this.index = 1 + (base + random.nextInt(30)) % 31;
    }

    Trial trial() {
      Trial.Registers r = registers();
      int wanted = 1 + random.nextInt(Trial.WORDS - 4);
      int next = random.nextInt(rows.size());
      int rewrite = chance(15) ? random.nextInt(wanted) : wanted;
      while (length < wanted) {
        if (length >= Math.max(rewrite, skipped)) {
          rewrite(rows.get(random.nextInt(rows.size())));
          rewrite = wanted;
        }
        add(rows.get(next), wanted);
        next = random.nextInt(rows.size());
      }
      int end = length + random.nextInt(2);
      r.lr = chance(90) ? Trial.CODE + 4L * end : value();
      r.ctr = chance(80) ? Trial.CODE + 4L * end : value();
      r.tar = Trial.CODE + 4L * end;
      narrow(r);
      long[] pad = new long[Trial.PAD_BYTES / 8];
      for (int i = 0; i < pad.length; i++) {
        pad[i] = vectorHalf();
      }
      return new Trial(seed, java.util.Arrays.copyOf(words, length), r, pad);
    }

    private void narrow(Trial.Registers r) {
      if (!guest.isa.wide()) {
        for (int n = 0; n < 32; n++) {
          r.gpr[n] &= 0xffff_ffffL;
          r.vsr[2 * n + 1] = 0;
        }
        r.lr &= 0xffff_ffffL;
        r.ctr &= 0xffff_ffffL;
        r.tar = 0;
        r.fpscr &= 0xffff_ffffL;
      }
    }

    private boolean chance(int percent) {
      return random.nextInt(100) < percent;
    }

    private Trial.Registers registers() {
      Trial.Registers r = new Trial.Registers();
      for (int n = 0; n < 32; n++) {
        r.gpr[n] = value();
      }
      r.gpr[base] = Trial.PAGE + Trial.PAD_AT + 256;
      r.gpr[index] = chance(40) ? 16 * (random.nextInt(16) - 8) : random.nextInt(256) - 128;
      int style = random.nextInt(6);
      for (int n = 0; n < 128; n += 2) {
        vector(r.vsr, n, style == 5 ? random.nextInt(5) : style);
      }
      r.cr = random.nextInt() & 0xffff_ffffL;
      r.xer = ((long) random.nextInt(8) << 29) | random.nextInt(20);
      r.vrsave = random.nextInt() & 0xffff_ffffL;
      r.vscr = chance(75) ? random.nextInt(2) : random.nextInt(2) | 0x1_0000;
      r.fpscr = random.nextInt(4);
      return r;
    }

    private long value() {
      return switch (random.nextInt(8)) {
        case 0 -> random.nextInt(256) - 128;
        case 1 -> random.nextInt();
        case 2 -> random.nextInt() & 0xffff_ffffL;
        case 3 -> 1L << random.nextInt(64);
        case 4 -> (1L << random.nextInt(64)) - 1;
        case 5 -> -1L << random.nextInt(64);
        case 6 -> random.nextLong() >> random.nextInt(64);
        default -> random.nextLong();
      };
    }

    private void vector(long[] to, int at, int style) {
      switch (style) {
        case 0 -> {
          to[at] = random.nextLong();
          to[at + 1] = random.nextLong();
        }
        case 1 -> {
          to[at] = Floats.pair(random);
          to[at + 1] = Floats.pair(random);
        }
        case 2 -> {
          to[at] = Floats.wide(random);
          to[at + 1] = Floats.wide(random);
        }
        case 3 -> decimal(to, at);
        default -> {
          to[at] = vectorHalf();
          to[at + 1] = vectorHalf();
        }
      }
    }

    /** 31 decimal digits and a sign, sometimes with a flaw. */
    private void decimal(long[] to, int at) {
      int digits = random.nextInt(33);
      for (int i = 31; i >= 0; i--) {
        int digit = i >= digits ? 0 : chance(50) ? 9 : random.nextInt(chance(1) ? 16 : 10);
        if (i == 0) {
          digit = chance(98) ? 10 + random.nextInt(6) : digit;
        }
        int half = at + 1 - i / 16;
        to[half] = to[half] << 4 | digit;
      }
    }

    private long vectorHalf() {
      return switch (random.nextInt(4)) {
        case 0 -> random.nextLong();
        case 1 -> Floats.pair(random);
        case 2 -> bytes();
        default -> value();
      };
    }

    /** Bytes near the ends of their range. */
    private long bytes() {
      long value = 0;
      for (int i = 0; i < 8; i++) {
        int edge = new int[] {0, 0x7f, 0x80, 0xff, 1, 0xfe, random.nextInt(256)}[random.nextInt(7)];
        value = value << 8 | edge;
      }
      return value;
    }

    private void add(Table.Row row, int wanted) {
      int word = row.value();
      for (Table.Field field : row.operands()) {
        word = field.insert(word, random.nextInt());
      }
      if (row.owner().equals("Branch")) {
        branch(row, word, wanted);
        return;
      }
      if (row.has("spr")) {
        int[] sprs = guest.isa.wide() ? WIDE_SPRS : SPRS;
        int spr = sprs[random.nextInt(sprs.length)];
        word = row.field("spr").insert(word, spr);
        linked |= spr == 8 || spr == 9 || spr == 815;
      }
      word = disarming(row, word);
      if (row.has("ra") && (!NO_STORAGE.contains(row.owner()) || BLOCKS.contains(row.name()))) {
        word = storage(row, word);
      } else {
        word = sparing(row, word);
      }
      if (!QemuDeviations.invalidForm(guest, row, word)) {
        append(word);
      }
    }

    /** Keeps most instructions from enabling floating-point exceptions. */
    private int disarming(Table.Row row, int word) {
      if (chance(5)) {
        return word;
      }
      return switch (row.name()) {
        case "mtfsf" -> row.field("flm").insert(word & ~LATER_FORM, random.nextInt() & ~3);
        case "mtfsfi" -> row.field("bf").insert(word & ~LATER_FORM, random.nextInt(6));
        case "mtfsb1" -> row.field("bt").insert(word, random.nextInt(24));
        default -> word;
      };
    }

    private void append(int word) {
      if (length < words.length) {
        words[length++] = word;
      }
    }

    /** Keeps most instructions from writing the registers that lead to the pad. */
    private int sparing(Table.Row row, int from) {
      int word = from;
      for (Table.Field field : row.operands()) {
        boolean general = field.name().matches("r[tabs]");
        if (general && (field.extract(word) == base || field.extract(word) == index)) {
          word = field.insert(word, chance(95) ? other() : base);
        }
      }
      return word;
    }

    private int other() {
      int n = random.nextInt(32);
      while (n == base || n == index) {
        n = random.nextInt(32);
      }
      return n;
    }

    private int storage(Table.Row row, int from) {
      if (chance(3)) {
        return from;
      }
      int word = from;
      boolean zero = chance(10) && row.has("rb");
      word = row.field("ra").insert(word, zero ? 0 : base);
      if (row.has("rb")) {
        word = row.field("rb").insert(word, zero ? base : index);
      }
      for (String name : List.of("rt", "rs")) {
        if (row.has(name)) {
          Table.Field field = row.field(name);
          boolean key = field.extract(word) == base || field.extract(word) == index;
          if (key && !name.equals("rs")) {
            word = field.insert(word, other());
          }
        }
      }
      for (String name : List.of("d", "ds", "dq")) {
        if (row.has(name)) {
          int displacement = random.nextInt(256) - 128;
          int unit = name.equals("d") ? 1 : name.equals("ds") ? 4 : 16;
          word = row.field(name).insert(word, displacement / unit);
        }
      }
      if (row.name().endsWith("cx") && row.name().startsWith("st") && chance(80)) {
        reserve(row, word);
      }
      return word;
    }

    /** Puts the matching load-and-reserve before a store-conditional. */
    private void reserve(Table.Row row, int store) {
      String load = "l" + row.name().substring(2).replace("cx", "arx");
      for (Table.Row candidate : rows) {
        if (candidate.name().equals(load)) {
          int word = candidate.value();
          word = candidate.field("ra").insert(word, row.field("ra").extract(store));
          word = candidate.field("rb").insert(word, row.field("rb").extract(store));
          word = candidate.field("rt").insert(word, other() & ~1);
          if (!QemuDeviations.invalidForm(guest, candidate, word)) {
            append(word);
          }
        }
      }
    }

    /**
     * Appends a store of an instruction of a row over one behind it, if there is room. A branch
     * into the middle would store what is no instruction that both sides have.
     */
    private void rewrite(Table.Row row) {
      int start = length;
      if (row.owner().equals("Branch")) {
        return;
      }
      add(row, Trial.WORDS);
      boolean one = length == start + 1;
      int word = words[start];
      length = start;
      int to = start + REWRITE + random.nextInt(3);
      if (!one || to >= Trial.WORDS - 1) {
        return;
      }
      int value = other();
      int at = 1 + random.nextInt(31);
      while (at == value || at == base || at == index) {
        at = 1 + random.nextInt(31);
      }
      append(LIS | value << 21 | word >>> 16);
      append(ORI | value << 21 | value << 16 | word & 0xffff);
      append(LIS | at << 21 | (int) (Trial.CODE >> 16));
      append(STWU | value << 21 | at << 16 | 4 * to);
      append(DCBST | at << 11);
      append(SYNC);
      append(ICBI | at << 11);
      append(ISYNC);
    }

    /** Appends a branch or condition-register instruction, if it cannot make a loop. */
    private void branch(Table.Row row, int from, int wanted) {
      int word = from;
      int skip = 1 + random.nextInt(Math.max(1, wanted - length));
      boolean indirect = row.has("bh");
      if (row.has("li")) {
        word = row.field("li").insert(word, skip);
        if (row.field("aa").extract(word) == 1) {
          word = row.field("li").insert(word, (int) (Trial.CODE >> 2) + length + skip);
        }
      } else if (row.has("bd")) {
        word = row.field("bd").insert(row.field("aa").insert(word, 0), skip);
      }
      if (indirect && linked || QemuDeviations.invalidForm(guest, row, word)) {
        return;
      }
      skipped = Math.max(skipped, length + skip);
      linked |= row.has("bo") && (row.field("bo").extract(word) & 4) == 0;
      linked |= row.has("lk") && row.field("lk").extract(word) == 1;
      append(word);
    }
  }
}
