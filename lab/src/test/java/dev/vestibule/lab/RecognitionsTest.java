package dev.vestibule.lab;

import static dev.vestibule.inspect.Recognition.Judgement.CANNOT;
import static dev.vestibule.inspect.Recognition.Judgement.MISSES;
import static dev.vestibule.inspect.Recognition.Judgement.RIGHT;
import static dev.vestibule.inspect.Recognition.Judgement.TOO_MANY;
import static dev.vestibule.inspect.Recognition.Judgement.WRONG;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.inspect.NameProbe;
import dev.vestibule.inspect.Recognition.Judgement;
import dev.vestibule.inspect.Strategy;
import dev.vestibule.kernel.Container;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.exec.Arguments;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.FsContext;
import dev.vestibule.kernel.file.HostMount;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.Profiles;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Do strategies find a vDSO where they did in history? Names and what becomes of them: arch/powerpc
 * kernel/vdso.c of 2.6.18 to 6.1; frames: Documentation/admin-guide/mm/pagemap.rst.
 */
class RecognitionsTest {
  private static Programs programs;

  @BeforeAll
  static void unpack() throws Exception {
    programs = Programs.bundled(List.of());
  }

  @AfterAll
  static void remove() throws Exception {
    programs.close();
  }

  private static Recognitions.Result look(String kernel, VdsoState state) throws Exception {
    return new Recognitions(programs, true).look(Profiles.load(kernel), state);
  }

  /** In the order name, page frame, symbols, auxv. */
  private static List<Judgement> judgements(String kernel, VdsoState state) throws Exception {
    return look(kernel, state).lines().stream().map(Recognitions.Line::judgement).toList();
  }

  @Test
  void everybodyFindsWhatIsWhereItWas() throws Exception {
    for (String kernel : List.of("ppc-3.10", "ppc64-5.11", "ppc64le-6.1", "ppc64le-6.1-64k")) {
      assertThat(judgements(kernel, VdsoState.STAY))
          .as(kernel)
          .containsExactly(RIGHT, RIGHT, RIGHT, RIGHT);
    }
  }

  @Test
  void namesStayWhereTheVdsoWas() throws Exception {
    assertThat(judgements("ppc64-3.10", VdsoState.MOVE))
        .containsExactly(MISSES, RIGHT, RIGHT, MISSES);
    assertThat(judgements("ppc64-3.10", VdsoState.REPLACE))
        .containsExactly(WRONG, RIGHT, RIGHT, MISSES);
    assertThat(look("ppc64-3.10", VdsoState.REPLACE).probe()).isEqualTo(NameProbe.LOST);
    assertThat(look("ppc64-3.10", VdsoState.REPLACE).chosen()).isEqualTo(Strategy.FRAME);
    assertThat(judgements("ppc64-4.19", VdsoState.REPLACE))
        .containsExactly(RIGHT, RIGHT, RIGHT, MISSES);
    assertThat(look("ppc64-4.19", VdsoState.MOVE).chosen()).isEqualTo(Strategy.NAME);
  }

  @Test
  void copiesAreTakenForTheOriginalByTheirContent() throws Exception {
    assertThat(judgements("ppc64le-6.1", VdsoState.COPY))
        .containsExactly(RIGHT, RIGHT, TOO_MANY, RIGHT);
    assertThat(judgements("ppc64le-6.1", VdsoState.PROXY))
        .containsExactly(RIGHT, RIGHT, TOO_MANY, WRONG);
  }

  @Test
  void whatWasWrittenToHasAFrameOfItsOwn() throws Exception {
    assertThat(judgements("ppc64le-6.1", VdsoState.EDIT))
        .containsExactly(RIGHT, MISSES, RIGHT, RIGHT);
  }

  /** The vDSO is the kernel's, and its frame is not that of a looker outside. */
  @Test
  void containersHaveFramesOfTheirOwn() throws Exception {
    for (String kernel : List.of("ppc-3.10", "ppc64-5.11", "ppc64le-6.1")) {
      assertThat(judgements(kernel, VdsoState.CONTAINER))
          .as(kernel)
          .containsExactly(RIGHT, MISSES, RIGHT, RIGHT);
    }
  }

  /** The program compares every clock of the vDSO with the system call's. */
  @Test
  void containersClocksAgree() throws Exception {
    for (String kernel : List.of("ppc64-2.6.12", "ppc-3.10", "ppc64-5.11", "ppc64le-6.1")) {
      KernelProfile profile = Profiles.load(kernel);
      Streams streams = new Streams();
      try (Machine machine =
          Machine.builder(profile)
              .fileTree(new FileTree(HostMount.of(List.of("/"))))
              .container(new Container("inside"))
              .build()) {
        assertThat(machine.settings().nodeName()).isEqualTo("inside");
        assertThat(machine.time().monotonic()).isBetween(0L, 60_000_000_000L);
        int status =
            machine.await(
                machine.start(
                    programs.file("clock", profile.architecture()).toString(),
                    new Arguments(List.of("clock"), List.of()),
                    streams.table(),
                    new FsContext("/", 022),
                    Machine.hostCredentials(),
                    new Limits()));
        assertThat(status).as("%s: %s", kernel, streams.text()).isZero();
      }
    }
  }

  /** What the program replaced, and nothing else: the data behind the code is no edit. */
  @Test
  void editsAreToldApart() throws Exception {
    for (String kernel : List.of("ppc64-2.6.18", "ppc-3.10", "ppc64-5.11", "ppc64le-6.1-64k")) {
      assertThat(look(kernel, VdsoState.MOVE).edits()).as(kernel).isEmpty();
      assertThat(look(kernel, VdsoState.EDIT).edits())
          .as(kernel)
          .singleElement()
          .satisfies(edit -> assertThat(edit.where()).isEqualTo("__kernel_gettimeofday"));
    }
  }

  @Test
  void nobodyFindsWhatIsGone() throws Exception {
    assertThat(judgements("ppc64le-6.1", VdsoState.UNMAP))
        .containsExactly(RIGHT, RIGHT, RIGHT, RIGHT);
  }

  @Test
  void framesAreForRootSinceFourAndForNobodyBeforeTheyCame() throws Exception {
    assertThat(judgements("ppc64-2.6.18", VdsoState.STAY).get(Strategy.FRAME.ordinal()))
        .isEqualTo(CANNOT);
    Recognitions user = new Recognitions(programs, false);
    assertThat(
            user.look(Profiles.load("ppc64-3.10"), VdsoState.STAY).line(Strategy.FRAME).judgement())
        .isEqualTo(RIGHT);
    assertThat(
            user.look(Profiles.load("ppc64-6.1"), VdsoState.STAY).line(Strategy.FRAME).judgement())
        .isEqualTo(CANNOT);
  }

  /** Open, read, end of file and close of maps, and with memory open, read and close. */
  @Test
  void costIsCounted() throws Exception {
    Recognitions.Result result = look("ppc64le-6.1", VdsoState.STAY);
    assertThat(result.line(Strategy.NAME).answer().calls()).isEqualTo(4 + 3);
    assertThat(result.line(Strategy.VECTOR).answer().calls()).isEqualTo(4 + 3);
  }
}
