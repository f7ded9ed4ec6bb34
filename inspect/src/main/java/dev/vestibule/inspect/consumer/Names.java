package dev.vestibule.inspect.consumer;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Under which names does a C library look for time functions on an architecture?
 *
 * @param version the node they must have
 * @param time the function that matters most
 * @param others everything else glibc asks for
 */
record Names(String version, String time, List<String> others) {

  /** What glibc asks for (sysdeps/unix/sysv/linux, sysdep.h of each port); null if nothing. */
  static @Nullable Names glibc(String architecture) {
    return switch (architecture) {
      case "ppc", "ppc64", "ppc64le" ->
          new Names(
              "LINUX_2.6.15",
              "__kernel_clock_gettime",
              List.of(
                  "__kernel_clock_getres",
                  "__kernel_getcpu",
                  "__kernel_time",
                  "__kernel_gettimeofday",
                  "__kernel_get_tbfreq",
                  "__kernel_getrandom"));
      case "i386" ->
          new Names(
              "LINUX_2.6",
              "__vdso_clock_gettime",
              List.of(
                  "__vdso_clock_gettime64",
                  "__vdso_gettimeofday",
                  "__vdso_time",
                  "__vdso_clock_getres"));
      case "x86_64", "x32" ->
          new Names(
              "LINUX_2.6",
              "__vdso_clock_gettime",
              List.of(
                  "__vdso_gettimeofday",
                  "__vdso_time",
                  "__vdso_getcpu",
                  "__vdso_clock_getres",
                  "__vdso_getrandom"));
      case "aarch64" ->
          new Names(
              "LINUX_2.6.39",
              "__kernel_clock_gettime",
              List.of("__kernel_gettimeofday", "__kernel_clock_getres", "__kernel_getrandom"));
      case "arm" ->
          new Names(
              "LINUX_2.6",
              "__vdso_clock_gettime",
              List.of("__vdso_clock_gettime64", "__vdso_gettimeofday"));
      case "riscv64" ->
          new Names(
              "LINUX_4.15",
              "__vdso_clock_gettime",
              List.of("__vdso_gettimeofday", "__vdso_clock_getres", "__vdso_getcpu"));
      default -> null;
    };
  }
}
