package dev.vestibule.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vestibule.cli.RunOptions.Strace;
import dev.vestibule.cli.RunOptions.Trace;
import dev.vestibule.cli.RunOptions.Vdso;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RunOptionsTest {
  private static RunOptions parse(List<String> environment, String... words) throws CommandFailure {
    return RunOptions.parse(List.of(words), environment).orElseThrow();
  }

  private static RunOptions parse(String... words) throws CommandFailure {
    return parse(List.of(), words);
  }

  @Test
  void optionsEndAtTheProgram() throws CommandFailure {
    RunOptions options = parse("-L", "/sys", "./e", "-L", "--kernel", "--", "-h");
    assertThat(options.sysroot()).isEqualTo(Path.of("/sys"));
    assertThat(options.program()).isEqualTo("./e");
    assertThat(options.argv0()).isEqualTo("./e");
    assertThat(options.arguments()).containsExactly("-L", "--kernel", "--", "-h");
    assertThat(options.kernel()).isNull();
  }

  @Test
  void twoDashesAloneEndOptions() throws CommandFailure {
    assertThat(parse("--", "-e", "-q").program()).isEqualTo("-e");
  }

  @Test
  void bytesThatAreNoUtf8ReachTheProgram() throws CommandFailure {
    RunOptions options = parse(List.of("A=\u00ff"), "-E", "B=\u00fe", "\u0080", "\u00c3");
    assertThat(options.program()).isEqualTo("\u0080");
    assertThat(options.arguments().getFirst()).isEqualTo("\u00c3");
    assertThat(options.environment()).containsExactly("A=\u00ff", "B=\u00fe");
  }

  /** Right column: what qemu-ppc64le 7.2 gives a program that prints its Z variables. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          ''                                    | -E Z1=a,Z2=b -E Z3=c -U Z1   | Z2=b Z3=c
          Z0=q QEMU_SET_ENV=Z1=1,Z2=2           | -E Z1=5                      | Z0=q Z1=5 Z2=2
          QEMU_SET_ENV=Z1=1 QEMU_UNSET_ENV=Z1   | ''                           | ''
          Z9=1 QEMU_UNSET_ENV=Z9                | -E Z9=5                      | Z9=5
          Z1=1                                  | -U Z1 -E Z1=9 -U Z1          | ''
          Z1=1 Z2=2                             | -E Z2=3 -E Z5=5              | Z1=1 Z2=3 Z5=5
          ''                                    | --E Z1=                      | Z1=
          """)
  void variablesAreChangedAsByQemu(String host, String words, String expected)
      throws CommandFailure {
    RunOptions options =
        parse(List.of(split(host)), (words.replace("''", "") + " ./e").strip().split(" +"));
    assertThat(options.environment().stream().filter(v -> v.startsWith("Z")))
        .containsExactlyInAnyOrder(split(expected));
  }

  private static String[] split(String words) {
    String given = words.replace("''", "").strip();
    return given.isEmpty() ? new String[0] : given.split(" +");
  }

  @Test
  void optionsGoBeforeVariables() throws CommandFailure {
    List<String> environment =
        List.of("QEMU_ARGV0=bar", "QEMU_LD_PREFIX=/a", "QEMU_GDB=1234", "QEMU_STRACE=0");
    RunOptions options = parse(environment, "-0", "foo", "-L", "/b", "./e");
    assertThat(options.argv0()).isEqualTo("foo");
    assertThat(options.sysroot()).isEqualTo(Path.of("/b"));
    assertThat(options.gdb()).isEqualTo("1234");
    assertThat(options.strace()).isEqualTo(new Strace(null, false, false, false));
    assertThat(options.environment()).contains("QEMU_ARGV0=bar");
  }

  @Test
  void straceTakesItsFileOnlyAfterEquals() throws CommandFailure {
    RunOptions plain = parse("--strace", "./e");
    assertThat(plain.strace()).isEqualTo(new Strace(null, false, false, false));
    assertThat(plain.program()).isEqualTo("./e");
    assertThat(parse("-strace", "-y", "-D", "log", "./e").strace())
        .isEqualTo(new Strace(Path.of("log"), true, false, false));
    assertThat(parse("--strace=log", "./e").strace())
        .isEqualTo(new Strace(Path.of("log"), false, false, false));
    assertThat(parse("-D", "log", "./e").strace()).isNull();
  }

  @Test
  void valuesAreRead() throws CommandFailure {
    RunOptions options =
        parse(
            "--kernel=ppc64-2.6.12",
            "--time=2005-06-17T12:00:00+02:00",
            "--time-rate=0.5",
            "--seed=0x10",
            "--trace=calls,faults",
            "--vdso=off",
            "--compat-vdso=on",
            "-s",
            "1M",
            "--env",
            "A=b,c",
            "./e");
    assertThat(options.kernel()).isEqualTo("ppc64-2.6.12");
    assertThat(options.clock())
        .isEqualTo(new RunOptions.Clock(Instant.parse("2005-06-17T10:00:00Z"), 0.5));
    assertThat(options.seed()).hasValue(16);
    assertThat(options.traces()).containsExactlyInAnyOrder(Trace.CALLS, Trace.FAULTS);
    assertThat(options.vdso()).isEqualTo(new Vdso.Off());
    assertThat(options.compatVdso()).isTrue();
    assertThat(options.stackLimit()).isEqualTo(1 << 20);
    assertThat(options.environment()).containsExactly("A=b,c");
    assertThat(parse("--time=2005-06-17T12:00:00", "./e").clock().start())
        .isEqualTo(Instant.parse("2005-06-17T12:00:00Z"));
  }

  @Test
  void helpIsAnsweredBeforeWhatFollows() throws CommandFailure {
    assertThat(RunOptions.parse(List.of("-L", "x", "--help", "--nonsense"), List.of())).isEmpty();
    assertThat(RunOptions.parse(List.of("./e", "--help"), List.of())).isPresent();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          -L              | -L: DIR is missing
          --bad ./e       | unknown option '--bad'
          - ./e           | unknown option '-'
          -L/foo ./e      | unknown option '-L/foo'
          -E=Z=1 ./e      | unknown option '-E=Z=1'
          -E Z ./e        | -E: 'Z' is not NAME=VALUE
          -E Z=1,,Y=2 ./e | -E: '' is not NAME=VALUE
          -E =5 ./e       | -E: '=5' is not NAME=VALUE
          -U Z=5 ./e      | -U: 'Z=5' is not the name of a variable
          --debug=1 ./e   | --debug: takes no value
          --kernel= ./e   | --kernel: the value is empty
          -s 1x ./e       | -s: '1x' is not a number
          -s 1 ./e        | -s: '1' is not between 64k and 1048576M
          --seed 1.5 ./e  | --seed: '1.5' is not a number
          --time-rate 0 x | --time-rate: '0' is not a number above 0, up to 1e9
          --time 1969-12-31T00:00:00Z x | --time: '1969-12-31T00:00:00Z' is not a time from 1970 to 2262 like 2005-06-17T12:00:00Z
          --trace all x   | --trace: 'all' is none of startup, startup-json, calls, faults
          --engine qemu x | --engine: 'qemu' is none of auto, interpret, translate, both
          --rseq-owner me x | --rseq-owner: 'me' is none of auto, libc, preload, none, and no library's name or path
          --compat-vdso=x x | --compat-vdso: 'x' is neither on nor off
          -L /            | no program given (vestibule run --help shows the options)
          """)
  void anErrorNamesTheWord(String words, String message) {
    assertThatThrownBy(() -> parse(words.split(" ")))
        .isInstanceOf(CommandFailure.class)
        .hasMessage("run: " + message)
        .extracting(thrown -> ((CommandFailure) thrown).status())
        .isEqualTo(125);
  }

  @Test
  void aMessageStaysOneShortLine() {
    assertThatThrownBy(() -> parse("-U", "a=\n\u001b" + "b".repeat(10_000), "./e"))
        .message()
        .doesNotContain("\n", "\u001b")
        .hasSizeLessThan(160);
  }
}
