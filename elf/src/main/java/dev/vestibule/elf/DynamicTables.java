package dev.vestibule.elf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tables by which a dynamic linker finds a symbol of an image being built: names, versions and
 * both kinds of hash table. Everything but the symbols' values is known before the layout.
 */
final class DynamicTables {
  private static final int[] BUCKETS = {1, 3, 7, 17, 37, 67, 131, 257, 521, 1031, 2053, 4099};
  private static final int BLOOM_SHIFT = 6;

  private final boolean is64;
  private final ByteOrder order;
  private final String soname;
  private final Map<String, List<String>> nodes;
  private final List<SymbolSpec> symbols;
  private final Map<String, Integer> versionIndex = new LinkedHashMap<>();
  final StringTable strings = new StringTable();

  DynamicTables(
      boolean is64,
      ByteOrder order,
      String soname,
      Map<String, List<String>> nodes,
      List<SymbolSpec> globals,
      boolean hashed) {
    this.is64 = is64;
    this.order = order;
    this.soname = soname;
    this.nodes = nodes;
    symbols = new ArrayList<>(globals);
    if (hashed) {
      int buckets = buckets();
      symbols.sort(
          Comparator.comparingInt(s -> Integer.remainderUnsigned(Elf.gnuHash(s.name()), buckets)));
    }
    int next = 2;
    for (Map.Entry<String, List<String>> node : nodes.entrySet()) {
      for (String parent : node.getValue()) {
        if (!versionIndex.containsKey(parent)) {
          throw new IllegalArgumentException(
              "version " + node.getKey() + " precedes its parent " + parent);
        }
      }
      versionIndex.put(node.getKey(), next++);
    }
    symbols.forEach(s -> strings.add(s.name()));
    strings.add(soname);
    nodes.keySet().forEach(strings::add);
    symbols.forEach(this::version);
  }

  List<SymbolSpec> symbols() {
    return symbols;
  }

  /** Number of version definitions, the base included; zero without version nodes. */
  int definitions() {
    return nodes.isEmpty() ? 0 : nodes.size() + 1;
  }

  private int buckets() {
    int chosen = 1;
    for (int candidate : BUCKETS) {
      if (candidate <= symbols.size()) {
        chosen = candidate;
      }
    }
    return chosen;
  }

  private int version(SymbolSpec symbol) {
    if (symbol.version() == null) {
      return Elf.VER_NDX_GLOBAL;
    }
    Integer index = versionIndex.get(symbol.version());
    if (index == null) {
      throw new IllegalArgumentException(
          symbol.name() + " has version " + symbol.version() + ", which is not defined");
    }
    return index;
  }

  byte[] sysvHash() {
    int buckets = buckets();
    int count = symbols.size() + 1;
    int[] heads = new int[buckets];
    int[] chains = new int[count];
    for (int i = count - 1; i > 0; i--) {
      int bucket = Elf.sysvHash(symbols.get(i - 1).name()) % buckets;
      chains[i] = heads[bucket];
      heads[bucket] = i;
    }
    ByteBuffer out = ByteBuffer.allocate(8 + 4 * (buckets + count)).order(order);
    out.putInt(buckets).putInt(count);
    for (int head : heads) {
      out.putInt(head);
    }
    for (int chain : chains) {
      out.putInt(chain);
    }
    return out.array();
  }

  byte[] gnuHash() {
    int buckets = buckets();
    int wordBits = is64 ? 64 : 32;
    int words = 1;
    while (words * wordBits < symbols.size() * 8) {
      words *= 2;
    }
    long[] bloom = new long[words];
    int[] heads = new int[buckets];
    int[] chains = new int[symbols.size()];
    for (int i = 0; i < symbols.size(); i++) {
      int hash = Elf.gnuHash(symbols.get(i).name());
      int word = hash >>> (is64 ? 6 : 5) & words - 1;
      bloom[word] |= 1L << (hash & wordBits - 1) | 1L << (hash >>> BLOOM_SHIFT & wordBits - 1);
      int bucket = Integer.remainderUnsigned(hash, buckets);
      if (heads[bucket] == 0) {
        heads[bucket] = i + 1;
      }
      boolean last =
          i + 1 == symbols.size()
              || Integer.remainderUnsigned(Elf.gnuHash(symbols.get(i + 1).name()), buckets)
                  != bucket;
      chains[i] = last ? hash | 1 : hash & ~1;
    }
    int size = 16 + words * wordBits / 8 + 4 * (buckets + chains.length);
    ByteBuffer out = ByteBuffer.allocate(size).order(order);
    out.putInt(buckets).putInt(1).putInt(words).putInt(BLOOM_SHIFT);
    for (long word : bloom) {
      if (is64) {
        out.putLong(word);
      } else {
        out.putInt((int) word);
      }
    }
    for (int head : heads) {
      out.putInt(head);
    }
    for (int chain : chains) {
      out.putInt(chain);
    }
    return out.array();
  }

  byte[] versym() {
    ByteBuffer out = ByteBuffer.allocate(2 * (symbols.size() + 1)).order(order);
    out.putShort((short) Elf.VER_NDX_LOCAL);
    for (SymbolSpec symbol : symbols) {
      out.putShort((short) version(symbol));
    }
    return out.array();
  }

  /** Version definitions: the base named after the object, then the nodes in their order. */
  byte[] verdef() {
    int names = definitions();
    for (List<String> parents : nodes.values()) {
      names += parents.size();
    }
    ByteBuffer out = ByteBuffer.allocate(20 * definitions() + 8 * names).order(order);
    putDefinition(out, Elf.VER_FLG_BASE, 1, List.of(soname), nodes.isEmpty());
    int left = nodes.size();
    for (Map.Entry<String, List<String>> node : nodes.entrySet()) {
      List<String> all = new ArrayList<>();
      all.add(node.getKey());
      all.addAll(node.getValue());
      Integer index = versionIndex.get(node.getKey());
      putDefinition(out, 0, index == null ? 0 : index, all, --left == 0);
    }
    return out.array();
  }

  private void putDefinition(
      ByteBuffer out, int flags, int index, List<String> names, boolean last) {
    int size = 20 + 8 * names.size();
    out.putShort((short) 1).putShort((short) flags).putShort((short) index);
    out.putShort((short) names.size()).putInt(Elf.sysvHash(names.getFirst()));
    out.putInt(20).putInt(last ? 0 : size);
    for (int i = 0; i < names.size(); i++) {
      out.putInt(strings.add(names.get(i))).putInt(i + 1 == names.size() ? 0 : 8);
    }
  }
}
