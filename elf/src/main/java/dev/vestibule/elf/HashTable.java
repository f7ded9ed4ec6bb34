package dev.vestibule.elf;

import dev.vestibule.elf.ElfException.Reason;

/** The two kinds of table by which a dynamic linker finds a symbol; as found in a file. */
sealed interface HashTable {
  /** Index of the next symbol that may have a name, after {@code previous}, or 0. */
  int next(Input input, String name, int previous) throws ElfException;

  /** File offset of the table's data, for messages. */
  long at();

  /** Number of entries that the symbol table must have. */
  long symbols();

  /**
   * DT_HASH.
   *
   * @param at file offset of the buckets
   */
  record Sysv(long at, long buckets, long symbols) implements HashTable {
    static Sysv read(Input input, long at) throws ElfException {
      long buckets = input.u32(at, "nbucket");
      long chains = input.u32(at + 4, "nchain");
      input.range(at + 8, 4 * (buckets + chains), "DT_HASH", at, "hash chains");
      if (buckets == 0) {
        throw input.fail(Reason.MALFORMED, "nbucket", at, "a hash table without buckets");
      }
      return new Sysv(at + 8, buckets, chains);
    }

    @Override
    public int next(Input input, String name, int previous) throws ElfException {
      long slot =
          previous == 0
              ? at + 4 * (Integer.toUnsignedLong(Elf.sysvHash(name)) % buckets)
              : at + 4 * (buckets + previous);
      long index = input.u32(slot, "DT_HASH");
      if (index >= symbols) {
        throw input.fail(Reason.MALFORMED, "DT_HASH", slot, "symbol " + index + " of " + symbols);
      }
      return (int) index;
    }
  }

  /**
   * DT_GNU_HASH.
   *
   * @param at file offset of the filter
   * @param bucketsAt file offset of the buckets
   * @param first index of the first hashed symbol
   */
  record Gnu(
      long at,
      long bucketsAt,
      long buckets,
      long first,
      long words,
      int shift,
      boolean is64,
      long symbols)
      implements HashTable {

    static Gnu read(Input input, boolean is64, long start) throws ElfException {
      long buckets = input.u32(start, "gnu_hash nbuckets");
      long first = input.u32(start + 4, "gnu_hash symoffset");
      long words = input.u32(start + 8, "gnu_hash bloom_size");
      int shift = input.i32(start + 12, "gnu_hash bloom_shift");
      if (buckets == 0 || Long.bitCount(words) != 1) {
        throw input.fail(
            Reason.MALFORMED,
            "DT_GNU_HASH",
            start,
            buckets + " buckets and a filter of " + words + " words");
      }
      long bloomAt = start + 16;
      long bucketsAt = bloomAt + words * (is64 ? 8 : 4);
      input.range(bucketsAt, 4 * buckets, "DT_GNU_HASH", start, "hash buckets");
      Gnu table = new Gnu(bloomAt, bucketsAt, buckets, first, words, shift, is64, 0);
      return new Gnu(bloomAt, bucketsAt, buckets, first, words, shift, is64, table.count(input));
    }

    private long chainAt(long index) {
      return bucketsAt + 4 * (buckets + index - first);
    }

    /** One more than the highest symbol of any chain. */
    private long count(Input input) throws ElfException {
      long highest = 0;
      for (long i = 0; i < buckets; i++) {
        highest = Math.max(highest, input.u32(bucketsAt + 4 * i, "DT_GNU_HASH"));
      }
      if (highest == 0) {
        return first;
      }
      if (highest < first) {
        throw input.fail(
            Reason.MALFORMED,
            "DT_GNU_HASH",
            bucketsAt,
            "symbol " + highest + " precedes the first hashed one, " + first);
      }
      while ((input.i32(chainAt(highest), "DT_GNU_HASH") & 1) == 0) {
        highest++;
      }
      return highest + 1;
    }

    @Override
    public int next(Input input, String name, int previous) throws ElfException {
      int hash = Elf.gnuHash(name);
      long index;
      if (previous == 0) {
        if (!mayHold(input, hash)) {
          return 0;
        }
        long bucket = Integer.toUnsignedLong(hash) % buckets;
        index = input.u32(bucketsAt + 4 * bucket, "DT_GNU_HASH");
        if (index == 0) {
          return 0;
        }
      } else {
        if ((input.i32(chainAt(previous), "DT_GNU_HASH") & 1) != 0) {
          return 0;
        }
        index = previous + 1L;
      }
      while (true) {
        if (index < first || index >= symbols) {
          throw input.fail(
              Reason.MALFORMED, "DT_GNU_HASH", bucketsAt, "symbol " + index + " of " + symbols);
        }
        int stored = input.i32(chainAt(index), "DT_GNU_HASH");
        if ((stored | 1) == (hash | 1)) {
          return (int) index;
        }
        if ((stored & 1) != 0) {
          return 0;
        }
        index++;
      }
    }

    private boolean mayHold(Input input, int hash) throws ElfException {
      int bits = is64 ? 64 : 32;
      long word = (Integer.toUnsignedLong(hash) / bits) & words - 1;
      long filterAt = at + word * (bits / 8);
      long filter = is64 ? input.i64(filterAt, "DT_GNU_HASH") : input.u32(filterAt, "DT_GNU_HASH");
      int second = shift >= 0 && shift < 32 ? hash >>> shift : 0;
      return (filter >>> (hash & bits - 1) & filter >>> (second & bits - 1) & 1) != 0;
    }
  }
}
