package dev.vestibule.elf;

import java.util.Map;

/**
 * Where does everything lie in an image being built? Link-time addresses, known before the content
 * of the code sections is, so that code can reach its surroundings.
 *
 * @param linkBase the link-time address of the file's first byte
 * @param loadSize size in bytes of the PT_LOAD segment
 * @param addresses of the allocated sections by name
 * @param symbols values of all symbols by name
 */
public record ImageLayout(
    long linkBase, long loadSize, Map<String, Long> addresses, Map<String, Long> symbols) {

  public ImageLayout {
    addresses = Map.copyOf(addresses);
    symbols = Map.copyOf(symbols);
  }

  /**
   * Link-time address of a section.
   *
   * @throws IllegalArgumentException if there is no such section
   */
  public long address(String section) {
    return required(addresses, section, "section");
  }

  /**
   * Value of a symbol, local or global.
   *
   * @throws IllegalArgumentException if there is no such symbol
   */
  public long symbol(String name) {
    return required(symbols, name, "symbol");
  }

  /**
   * Link-time address behind the image, rounded up to whole pages: where a data page may follow.
   */
  public long pageEnd(int pageSize) {
    return (linkBase + loadSize + pageSize - 1) & -pageSize;
  }

  private static long required(Map<String, Long> map, String name, String what) {
    Long value = map.get(name);
    if (value == null) {
      throw new IllegalArgumentException("the image has no " + what + " " + name);
    }
    return value;
  }
}
